/** How programs say EXDEV, which is what `rename` answers for a directory that lies below an overlay. */
const words = /EXDEV|cross-device/i
const tailChars = 16

/** Notices output of a build that could not move a directory because of how its files are mounted. */
export class OverlayWatch {
  #tail = ''
  met = false

  pass(chunk: Buffer): Buffer {
    const text = this.#tail + chunk.toString('latin1')
    this.met ||= words.test(text)
    this.#tail = text.slice(-tailChars)
    return chunk
  }
}
