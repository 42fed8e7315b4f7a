/** Runs a task when there is room for it. Undefined: so many wait already that this one may not. */
export type Queue = <T>(task: () => Promise<T>) => Promise<T> | undefined

/** A queue that runs `running` tasks at a time and lets at most `waiting` others wait, in order. */
export function createQueue({ running, waiting }: { running: number; waiting: number }): Queue {
  const starts: (() => void)[] = []
  let active = 0

  function leave(): void {
    active--
    starts.shift()?.()
  }
  return <T>(task: () => Promise<T>) => {
    if (active >= running && starts.length >= waiting) return undefined
    return new Promise<T>((resolve, reject) => {
      const start = () => {
        active++
        task().then(resolve, reject).finally(leave)
      }
      if (active < running) start()
      else starts.push(start)
    })
  }
}
