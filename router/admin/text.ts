/** An answer as it is sent; what a call gives otherwise becomes JSON. */
export class TextAnswer {
  readonly type: string
  readonly text: string

  constructor(type: string, text: string) {
    this.type = type
    this.text = text
  }
}

export function jsonAnswer(value: unknown): TextAnswer {
  return new TextAnswer('application/json', JSON.stringify(value))
}
