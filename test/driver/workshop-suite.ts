import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import type { SandboxEnd, Workshop } from '#driver/driver.ts'
import { freshName, sandboxSpec } from './specs.ts'
import type { Ground } from './specs.ts'

interface Script {
  readonly text: string
  /** The same as a function. */
  sandbox(onOutput: (chunk: Buffer) => void, signal: AbortSignal): Promise<SandboxEnd>
}

const sleeps = async (_: unknown, signal: AbortSignal): Promise<SandboxEnd> => {
  await pause(600_000, undefined, { signal })
  return { kind: 'exit', code: 0 }
}

/** What sandboxes of the suite run. */
export const scripts = {
  speaks: {
    text: 'echo to one; echo to two >&2; exit 4',
    sandbox: async (onOutput) => {
      onOutput(Buffer.from('to one\n'))
      onOutput(Buffer.from('to two\n'))
      return { kind: 'exit', code: 4 }
    },
  },
  sleeps: { text: 'echo sleeping; sleep 600', sandbox: sleeps },
} as const satisfies Record<string, Script>

const patience = (): AbortSignal => AbortSignal.timeout(30_000)

/** What every driver's workshop does. */
export function workshopSuite(driver: string, workshop: Workshop, ground: Ground): void {
  const test = (name: string, run: (t: Test) => Promise<void>): void => {
    void t.test(`${driver}: ${name}`, run)
  }
  const ignore = (): void => undefined

  test('a sandbox hands over both its streams and its exit code', async (t) => {
    let output = ''
    const spec = sandboxSpec(ground, scripts.speaks.text)
    const end = await workshop.run(spec, (chunk) => (output += String(chunk)), patience())
    t.same(end, { kind: 'exit', code: 4 })
    t.match(output, /to one\n/)
    t.match(output, /to two\n/)
  })

  test('a sandbox that takes too long is ended', async (t) => {
    const spec = sandboxSpec(ground, scripts.sleeps.text, { timeoutMs: 500 })
    t.same(await workshop.run(spec, ignore, patience()), { kind: 'timeout' })
  })

  test('an aborted sandbox throws the reason, and its name can be used again', async (t) => {
    const spec = sandboxSpec(ground, scripts.sleeps.text)
    const abort = new AbortController()
    setTimeout(() => abort.abort(new Error('cancelled by the pusher')), 400)
    const expected = { message: 'cancelled by the pusher' }
    await t.rejects(workshop.run(spec, ignore, abort.signal), expected)
    const again = { ...spec, argv: ['/bin/bash', '-c', scripts.speaks.text] }
    t.same(await workshop.run(again, ignore, patience()), { kind: 'exit', code: 4 })
  })

  test('the digest of an image that is not there is an error that names it', async (t) => {
    const image = `slipway-nobody:${freshName()}`
    await t.rejects(workshop.imageDigest(image, patience()), {
      name: 'EngineError',
      message: new RegExp(image),
      unreachable: false,
    })
    t.match(await workshop.imageDigest(ground.stackImage, patience()), /^sha256:/)
  })

  test('removing an image that is gone does nothing', async (t) => {
    await t.resolves(workshop.removeImage(`slipway-nobody:${freshName()}`, patience()))
  })

  test('sweeping when there is nothing to sweep does nothing', async (t) => {
    await t.resolves(workshop.sweep(patience()))
  })
}
