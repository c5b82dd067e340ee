import { hostname } from 'node:os'
import { logIn, whoAmI } from '#contract/account.ts'
import { askServer } from '#cli/cli.ts'
import type { Cli } from '#cli/cli.ts'
import { examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { remember } from '#cli/credentials.ts'
import type { Account } from '#cli/credentials.ts'
import { usage } from '#cli/failure.ts'
import { ask, askHidden, readInput } from '#cli/input.ts'
import { isOpenToEavesdroppers, parseServer } from '#cli/server.ts'

interface Options {
  readonly server?: string
  readonly email?: string
  readonly passwordStdin?: true
  readonly tokenStdin?: true
}

export const define: Define = (command, cli) =>
  examples(
    command
      .option('-s, --server <url>', 'its address (default: DEIS_URL, else the last one)')
      .option('-e, --email <email>', 'whom to log in')
      .option('--password-stdin', 'read the password from standard input')
      .option('--token-stdin', 'read a token from standard input instead')
      .action((options: Options) => login(options, cli)),
    'app login',
    'app login --server https://api.example.com',
    'app login --email ci@example.com --password-stdin < password.txt',
  )

async function login(options: Options, cli: Cli): Promise<void> {
  const { screen, credentialsPath } = cli
  const server = options.server === undefined ? await cli.server() : parseServer(options.server)
  if (isOpenToEavesdroppers(server)) {
    screen.say(`${screen.paint('yellow', 'warning:')} ${server} is not encrypted; use https.`)
  }
  const account = options.tokenStdin
    ? await byToken(server, cli)
    : await byPassword(server, options, cli)
  await remember(credentialsPath, server, account)
  screen.answer({ email: account.email, server }, () => [])
  screen.say(`Logged in to ${server} as ${account.email}.`)
}

async function byToken(url: string, cli: Cli): Promise<Account> {
  const token = (await readInput(cli)).trim()
  if (!/^[\x21-\x7E]+$/.test(token)) throw usage('There is no token on standard input.', 'login')
  const { body } = await askServer({ url, token }, whoAmI, cli)
  return { email: body.email, token }
}

async function byPassword(url: string, options: Options, cli: Cli): Promise<Account> {
  const email = options.email ?? (await ask({ text: 'Email: ', ...missing }, cli))
  if (email.trim() === '') throw usage('The email address is empty.', 'login')
  const password = options.passwordStdin
    ? await readInput(cli)
    : await askHidden({ text: 'Password: ', ...missing }, cli)
  const basic = Buffer.from(`${email.trim()}:${password}`).toString('base64')
  const { body } = await askServer({ url }, logIn, {
    ...cli,
    headers: { authorization: `Basic ${basic}` },
    body: { description: `app on ${hostname()}` },
  })
  return { email: body.user.email, token: body.access_token.token }
}

const missing = {
  what: 'Email and password',
  command: 'app login --email EMAIL --password-stdin',
}
