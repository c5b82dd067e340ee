import { readFile } from 'node:fs/promises'
import { failure } from '#contract/error.ts'
import { addSniEndpoint, updateSniEndpoint } from '#contract/sni-endpoint.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { ends } from '#cli/time.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument('<certificate>', 'PEM file: the certificate, followed by its intermediates')
      .argument('<key>', 'PEM file: its private key, without a passphrase')
      .option('--replace <name>', 'put it in the place of this one, as `app certs` lists it')
      .action(async (crt: string, key: string, { replace }: { replace?: string }) => {
        const body = { certificate_chain: await read(crt), private_key: await read(key) }
        const app = await appName(command, cli)
        const added =
          replace === undefined
            ? await cli.call(addSniEndpoint, { params: { app }, body })
            : await cli.call(updateSniEndpoint, { params: { app, certificate: replace }, body })
        cli.screen.answer(added, () => [])
        const { name, domains, ssl_cert } = added
        cli.screen.say(
          `${name} is used for ${domains.join(', ') || 'no domain'}; it expires ${ends(ssl_cert.expires_at)}.`,
        )
      }),
    'app certs:add fullchain.pem privkey.pem',
    'app certs:add shop.crt shop.key --replace cert-1a2b3c4d -a shop',
  )

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error)
    throw failure('FILE_UNREADABLE', { path, reason }, { cause: error })
  }
}
