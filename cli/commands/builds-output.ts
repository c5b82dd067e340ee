import { getBuild } from '#contract/build.ts'
import { failure } from '#contract/error.ts'
import { appName } from '#cli/app-name.ts'
import type { Cli } from '#cli/cli.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { lines, readStream } from '#cli/stream.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument('[build]', 'its id, as `app builds` lists it', 'latest')
      .action(async (build: string) => {
        const app = await appName(command, cli)
        const params = { app, build }
        const { id, output_stream_url: url } = await cli.call(getBuild, { params })
        await print(url, cli)
        await judge({ app, build: id }, cli)
      })
      .addHelpText('after', '\nThe exit code is 6 when that build failed.'),
    'app builds:output',
    'app builds:output 1a2b3c4d -a shop',
  )

async function print(url: string, cli: Cli): Promise<void> {
  if (cli.screen.isJson) {
    for await (const text of lines(readStream(url, cli))) {
      cli.screen.print(JSON.stringify({ text }))
    }
    return
  }
  for await (const piece of readStream(url, cli)) cli.screen.output.write(piece)
}

async function judge(params: { app: string; build: string }, cli: Cli): Promise<void> {
  const { status, stage } = await cli.call(getBuild, { params })
  if (status !== 'failed' && status !== 'cancelled') return
  const end = status === 'failed' ? 'failed' : 'was cancelled'
  const how = stage === null ? end : `${end} at the stage "${stage}"`
  throw failure('BUILD_FAILED', { app: params.app, how })
}
