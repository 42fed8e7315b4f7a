import type { ComingImage } from '../tiles/fetched.ts'

/**
 * A body that follows what is coming.
 *
 * @param breakOff called when the rest will never come: it must end the connection, for a browser
 *   that saw the answer's proper end would keep what it has for a whole image
 */
export function flowing(
  { flow }: Pick<ComingImage, 'flow'>,
  breakOff: () => void,
): ReadableStream<Uint8Array> {
  let next = 0
  return new ReadableStream(
    {
      async pull(controller) {
        const part = await flow.part(next++)
        if (part === 'end') controller.close()
        else if (part === 'broken') breakOff()
        else controller.enqueue(part)
      },
    },
    { highWaterMark: 0 },
  )
}
