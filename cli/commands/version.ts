import { readFile } from 'node:fs/promises'
import { examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'

export const define: Define = (command, cli) =>
  examples(
    command.action(async () => {
      const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
      const { version } = JSON.parse(text) as { version: string }
      const node = process.version
      cli.screen.answer({ version, node }, () => `slipway ${version} (node ${node})`)
    }),
    'app version',
  )
