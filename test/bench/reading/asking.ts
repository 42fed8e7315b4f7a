import { connect as openSocket, type Socket } from 'node:net'
import { type Answer, answerReader } from './answer-reader.ts'
import type { Tile } from './library.ts'
import { type Contestant, readerOf } from './servers.ts'

const PATIENCE_MS = 10_000

/** One answer: when its first byte and its last were there, in milliseconds from the question. */
export interface Asked {
  readonly firstMs: number
  readonly wholeMs: number
  readonly status: number
  readonly bytes: number
}

interface Question {
  readonly text: string
  readonly answered: (answer: Answer) => void
  readonly failed: (fault: Error) => void
}

interface Line {
  readonly socket: Socket
  question: Question | undefined
}

/** All read into it in turn, and nobody keeps what was read. */
const buffer = Buffer.alloc(256 * 1024)

/** A reader's way to a server: so many connections at most, kept open, as a browser does. */
export function connect(address: string, connections: number) {
  const { hostname, port, host } = new URL(address)
  const lines = new Set<Line>()
  const waiting: Question[] = []

  function openLine(): Line {
    const read = answerReader((answer) => {
      const { question } = line
      line.question = undefined
      question?.answered(answer)
      if (answer.isLast) {
        lines.delete(line)
        socket.destroy()
        return
      }
      const next = waiting.shift()
      if (next !== undefined) put(line, next)
    })
    const onread = {
      buffer,
      callback: (length: number) => {
        try {
          read(buffer.subarray(0, length))
        } catch (fault) {
          socket.destroy(fault as Error)
        }
        return true
      },
    }
    const socket = openSocket({ host: hostname, port: Number(port), noDelay: true, onread })
    const line: Line = { socket, question: undefined }
    lines.add(line)
    let why = new Error('the connection was closed')
    socket.on('error', (fault) => {
      why = fault
    })
    socket.setTimeout(PATIENCE_MS, () => {
      if (line.question !== undefined) socket.destroy(new Error('no answer'))
    })
    socket.on('close', () => {
      lines.delete(line)
      line.question?.failed(why)
      const next = waiting.shift()
      if (next !== undefined) put(openLine(), next)
    })
    return line
  }

  function put(line: Line, question: Question): void {
    line.question = question
    line.socket.write(question.text)
  }

  function send(question: Question): void {
    const idle = lines.values().find((line) => line.question === undefined)
    if (idle === undefined && lines.size === connections) waiting.push(question)
    else put(idle ?? openLine(), question)
  }

  /** @throws when no answer came */
  function ask(path: string, headers: Readonly<Record<string, string>>): Promise<Asked> {
    const began = performance.now()
    const fields = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}`)
    const text = `GET ${path} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`
    return new Promise((resolve, failed) => {
      const answered = ({ status, bytes, firstAt }: Answer) =>
        resolve({ status, bytes, firstMs: firstAt - began, wholeMs: performance.now() - began })
      send({ text, answered, failed })
    })
  }

  return {
    ask,
    tile: (contestant: Contestant, tile: Tile) =>
      ask(contestant.tilePath(tile.item, tile.page) + tile.target, {
        [contestant.header]: readerOf(tile.item),
      }),
    close() {
      for (const { failed } of waiting.splice(0)) failed(new Error('nobody asks any more'))
      for (const { socket } of lines) socket.destroy()
    },
  }
}
