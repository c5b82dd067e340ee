import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createGzip } from 'node:zlib'
import { createBuild, getBuild } from '#contract/build.ts'
import type { BodyOf } from '#contract/endpoint.ts'
import { failure } from '#contract/error.ts'
import { appName } from '#cli/app-name.ts'
import type { Cli } from '#cli/cli.ts'
import { aboutApp, examples, waits } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { packFolder } from '#cli/pack-folder.ts'
import { showDeployment, whileDeploying } from '#cli/deployment.ts'
import { usage } from '#cli/failure.ts'
import { readInput } from '#cli/input.ts'
import { readStream } from '#cli/stream.ts'
import { upload } from '#cli/upload.ts'

interface Options {
  readonly image?: string
  readonly user?: string
  readonly passwordStdin?: boolean
  readonly tar?: string
  readonly wait: boolean
}

export const define: Define = (command, cli) =>
  examples(
    waits(aboutApp(command))
      .argument('[folder]', 'what to build; what .gitignore names stays here')
      .option('-i, --image <name@digest>', 'take an image from its registry as it is')
      .option('-u, --user <name>', 'user for that registry, with --password-stdin')
      .option('--password-stdin', 'read its password from standard input')
      .option(
        '-t, --tar <file>',
        'build an archive of files, or take an image that docker save wrote',
      )
      .action(async (folder: string | undefined, options: Options) => {
        const app = await appName(command, cli)
        const body = await wanted(folder, options, cli)
        const build = await cli.call(createBuild, { params: { app }, body, seconds: patience })
        cli.screen.answer(build, () => [])
        if (!options.wait)
          return cli.screen.say(`It is built: app builds:output ${build.id.slice(0, 8)}`)
        await whileDeploying({ app }, cli, () => follow(app, build, cli))
      }),
    'app deploy .',
    'app deploy --tar app.tar.gz',
    'app deploy --image registry.example.org/shop@sha256:… -u ci --password-stdin < password',
  )

/** The server fetches and unpacks what was uploaded before it answers. */
const patience = 300

async function wanted(
  folder: string | undefined,
  { image, tar, user, passwordStdin = false }: Options,
  cli: Cli,
): Promise<BodyOf<typeof createBuild>> {
  const given = [folder, image, tar].filter((one) => one !== undefined)
  if (given.length !== 1) throw usage('Say what to deploy: a folder, --tar or --image.', 'deploy')
  if ((user !== undefined) !== passwordStdin) {
    throw usage('--user and --password-stdin go together.', 'deploy')
  }
  if (image !== undefined) {
    const password = user === undefined ? undefined : await readInput(cli)
    return {
      image: { name: image, ...(password === undefined ? {} : { username: user, password }) },
    }
  }
  if (tar !== undefined) return uploaded(await fileAt(resolve(cli.folder, tar)), `File ${tar}`, cli)
  const path = resolve(cli.folder, folder ?? '.')
  const packed = (await packFolder(path, cli)).pipe(createGzip())
  return uploaded(packed, `Folder ${folder ?? ''}`, cli)
}

async function uploaded(
  bytes: NodeJS.ReadableStream,
  description: string,
  cli: Cli,
): Promise<BodyOf<typeof createBuild>> {
  const url = await upload(bytes, cli)
  return { source_blob: { url, version_description: description.slice(0, 200) } }
}

async function fileAt(path: string): Promise<NodeJS.ReadableStream> {
  const found = await stat(path).catch(() => null)
  if (found?.isFile() !== true) throw failure('FILE_UNREADABLE', { path, reason: 'no such file' })
  return createReadStream(path)
}

async function follow(
  app: string,
  { id, output_stream_url: url }: { id: string; output_stream_url: string },
  cli: Cli,
): Promise<void> {
  for await (const piece of readStream(url, cli)) cli.screen.messages.write(piece)
  const { status, stage, release } = await cli.call(getBuild, { params: { app, build: id } })
  if (release !== null) return showDeployment({ app, version: release.version }, cli)
  const how = stage === null ? `was ${status}` : `${status} at the stage "${stage}"`
  throw failure('BUILD_FAILED', { app, how })
}
