import { addUser } from '#contract/account.ts'
import { examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { askHidden, readInput } from '#cli/input.ts'

export const define: Define = (command, cli) =>
  examples(
    command
      .argument('<email>', 'the address of the new account')
      .option('--password-stdin', 'read the password from standard input')
      .action(async (email: string, options: { passwordStdin?: true }) => {
        const question = {
          text: 'Password (10 characters or more): ',
          what: 'The password',
          command: `app users:create ${email} --password-stdin`,
        }
        const password = options.passwordStdin
          ? await readInput(cli)
          : await askHidden(question, cli)
        const account = await cli.call(addUser, { body: { email, password } })
        cli.screen.answer(account, () => [])
        cli.screen.say(`Made an account for ${account.email}. It logs in with: app login`)
      }),
    'app users:create bo@example.com',
    'app users:create bo@example.com --password-stdin < password.txt',
  )
