import t from 'tap'
import { PlainText } from '#builder/build/plain.ts'

const cases: readonly (readonly [printed: string, plain: string])[] = [
  ['\x1b[1;31mred\x1b[0m', 'red'],
  ['\x1b]0;a title\x07text', 'text'],
  ['\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\', 'link'],
  ['\x1bPdevice control\x1b\\x', 'x'],
  ['\x1b(Bplain', 'plain'],
  ['over\rwritten\r\nnext\r', 'over\nwritten\nnext'],
  ['bell\x07 back\x08 form\x0c del\x7f nul\0', 'bell back form del nul'],
  ['caf\u00e9 \u00a0 \u65e5\u672c \u{1f600}', 'caf\u00e9 \u00a0 \u65e5\u672c \u{1f600}'],
  ['c1 \u009b31m csi', 'c1 31m csi'],
  ['se\x1b[0mcret', 'secret'],
  ['\x1b]open without end\nnext line', '\nnext line'],
  [`\x1b[${'1;'.repeat(200)}x`, `${'1;'.repeat(200).slice(255)}x`],
]

t.test(
  'what moves a terminal is taken out of what a build prints, wherever it is cut',
  async (t) => {
    for (const [printed, plain] of cases) {
      const bytes = Buffer.from(printed)
      t.equal(new PlainText().push(bytes).toString(), plain, JSON.stringify(printed))
      const pieces = new PlainText()
      const parts = [...bytes].map((byte) => pieces.push(Buffer.of(byte)))
      t.equal(Buffer.concat(parts).toString(), plain, `${JSON.stringify(printed)} byte by byte`)
    }
  },
)

t.test('bytes that are no text at all pass', async (t) => {
  const bytes = Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0xc2])
  t.strictSame(new PlainText().push(bytes), Buffer.from([0xff, 0xfe, 0xc3, 0x28]))
})
