import { explain } from '#contract/why.ts'
import { examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { sentences } from '#cli/explanation.ts'
import { printable } from '#cli/table.ts'

interface Options {
  readonly method?: string
  readonly address?: string
}

export const define: Define = (command, cli) =>
  examples(
    command
      .argument('<url>', 'the whole address of a page of one of your apps')
      .option('--method <method>', 'what it is asked by (default: GET)')
      .option('--address <ip>', 'who asks, for rules about addresses')
      .action(async (text: string, { method, address }: Options) => {
        const url = /^[\w+.-]+:\/\//.test(text) ? text : `http://${text}`
        const asked = {
          url,
          ...(method === undefined ? {} : { method }),
          ...(address === undefined ? {} : { address }),
        }
        const explanation = await cli.call(explain, { body: asked })
        const { lines, hint } = sentences(explanation, address !== undefined)
        cli.screen.answer(explanation, () => lines.map(printable))
        if (hint === null || cli.screen.isJson) return
        cli.screen.say(`${cli.screen.paint('cyan', 'hint:')} ${hint}`)
      }),
    'app why https://shop.example.org/api/orders',
    'app why shop.example.org --address 203.0.113.9 --json',
  )
