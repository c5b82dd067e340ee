import { getEdge } from '#contract/edge.ts'
import { appName } from '#cli/app-name.ts'
import type { Cli } from '#cli/cli.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { changeEdge } from '#cli/edge.ts'
import { usage } from '#cli/failure.ts'
import { askHidden, readInput } from '#cli/input.ts'

interface Options {
  readonly remove?: true
  readonly passwordStdin?: true
}

const shortest = 8

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument('[user]', 'who is asked for a password; without one, all are shown')
      .option('--remove', 'remove the user; without any left, nobody is asked')
      .option('--password-stdin', 'read the password from standard input')
      .action(async (user: string | undefined, options: Options) => {
        if (user === undefined && (options.remove || options.passwordStdin)) {
          throw usage('Which user? Name one.', 'edge:auth')
        }
        const app = await appName(command, cli)
        if (user === undefined) return show(app, cli)
        const password = options.remove ? null : await readPassword(user, options, cli)
        const done = options.remove
          ? `${user} may not come to "${app}" any more.`
          : `Who comes to "${app}" is asked for a user and password; ${user} is one.`
        await changeEdge(app, { auth: { [user]: password } }, done, cli)
      }),
    'app edge:auth',
    'app edge:auth ada',
    'app edge:auth ada --password-stdin -a shop < password.txt',
    'app edge:auth ada --remove',
  )

async function readPassword(user: string, { passwordStdin }: Options, cli: Cli): Promise<string> {
  const question = {
    text: `Password of ${user} (${shortest} characters or more): `,
    what: 'The password',
    command: `app edge:auth ${user} --password-stdin`,
  }
  const password = passwordStdin ? await readInput(cli) : await askHidden(question, cli)
  if (password.length >= shortest) return password
  throw usage(`A password has ${shortest} characters or more.`, 'edge:auth')
}

async function show(app: string, cli: Cli): Promise<void> {
  const { auth } = await cli.call(getEdge, { params: { app } })
  cli.screen.answer(auth, () => auth.map(({ user }) => user))
  if (auth.length === 0) cli.screen.say(`Nobody who comes to "${app}" is asked for a password.`)
}
