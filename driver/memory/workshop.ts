import { text } from 'node:stream/consumers'
import { EngineError } from '#driver/driver.ts'
import type {
  BuiltImage,
  ImageImport,
  OwnImage,
  ImageSpec,
  SandboxEnd,
  SandboxSpec,
  Workshop,
} from '#driver/driver.ts'

type OnOutput = (chunk: Buffer) => void

export interface WorkshopOptions {
  /** What a sandbox does; unless told otherwise it exits 0 at once. */
  readonly sandbox?: (
    spec: SandboxSpec,
    onOutput: OnOutput,
    signal: AbortSignal,
  ) => Promise<SandboxEnd>
  /** What an image build does; unless told otherwise it makes an image with a command, port 5000. */
  readonly image?: (
    spec: ImageSpec,
    onOutput: OnOutput,
    signal: AbortSignal,
  ) => Promise<BuiltImage | null>
  /** Images that are there, by name, with their digests. */
  readonly images?: Readonly<Record<string, string>>
}

/** Sandboxes and image builds as functions of a test. */
export class MemoryWorkshop implements Workshop {
  readonly #options: WorkshopOptions
  readonly #images: Map<string, string>
  readonly #builtImages = new Map<string, OwnImage>()
  #built = 0

  constructor(options: WorkshopOptions) {
    this.#options = options
    this.#images = new Map(Object.entries(options.images ?? {}))
  }

  async run(spec: SandboxSpec, onOutput: OnOutput, signal: AbortSignal): Promise<SandboxEnd> {
    signal.throwIfAborted()
    const time = AbortSignal.timeout(spec.timeoutMs)
    const sandbox = this.#options.sandbox ?? (async () => ({ kind: 'exit', code: 0 }) as const)
    try {
      return await sandbox(spec, onOutput, AbortSignal.any([signal, time]))
    } catch (error) {
      signal.throwIfAborted()
      if (time.aborted) return { kind: 'timeout' }
      throw error
    }
  }

  async makeReady(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
  }

  async buildImage(spec: ImageSpec, onOutput: OnOutput, signal: AbortSignal) {
    signal.throwIfAborted()
    const image = await (this.#options.image ?? this.#makeImage)(spec, onOutput, signal)
    if (image === null) return null
    this.#images.set(spec.tag, image.id).set(image.id, image.id)
    const { id, sizeBytes } = image
    this.#builtImages.set(id, { id, sizeBytes, createdAtMs: Date.now() })
    return image
  }

  async importImage({ tag }: ImageImport, _onOutput: OnOutput, signal: AbortSignal) {
    signal.throwIfAborted()
    const image = this.#nextImage()
    this.#images.set(tag, image.id).set(image.id, image.id)
    const { id, sizeBytes } = image
    this.#builtImages.set(id, { id, sizeBytes, createdAtMs: Date.now() })
    return image
  }

  async images(signal: AbortSignal): Promise<OwnImage[]> {
    signal.throwIfAborted()
    return [...this.#builtImages.values()]
  }

  async removeImage(image: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.#images.delete(image)
    this.#builtImages.delete(image)
  }

  async imageDigest(image: string, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted()
    const digest = this.#images.get(image)
    if (digest !== undefined) return digest
    throw new EngineError(`The image ${image} is not on this host.`, false)
  }

  async sweep(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
  }

  readonly #makeImage = async ({ context }: ImageSpec): Promise<BuiltImage> => {
    await text(context)
    return this.#nextImage()
  }

  #nextImage(): BuiltImage {
    this.#built += 1
    const id = `sha256:${String(this.#built).padStart(64, '0')}`
    return { id, sizeBytes: 1, ports: [5000], hasCommand: true, user: '', hasHealthCheck: false }
  }
}
