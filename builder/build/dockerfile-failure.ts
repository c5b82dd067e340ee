import { folded, type Dockerfile, type Instruction } from './dockerfile.ts'

/** Why a Dockerfile could not be built, in a sentence that names its line. */
export interface DockerFailure {
  readonly message: string
  readonly hint: string
}

const look = 'See the output above; nothing was deployed.'

/** Reads what the engine said last. */
export function explainDockerFailure(
  path: string,
  file: Dockerfile,
  output: string,
  target: string | null,
): DockerFailure {
  const said = output.trimEnd().split('\n').slice(-3).join('\n')
  for (const explain of [ofSyntax, ofParser, ofTarget, ofSecret, ofFile, ofStep, ofPull]) {
    const failure = explain(path, file, said, target)
    if (failure !== null) return failure
  }
  return { message: `${path} could not be built`, hint: look }
}

type Explain = (
  path: string,
  file: Dockerfile,
  said: string,
  target: string | null,
) => DockerFailure | null

/** Another front end is an image, which is pulled first. */
const ofSyntax: Explain = (path, { syntax }, said) => {
  if (syntax === null || !/frontend gateway|failed to (do request|fetch|resolve)/.test(said)) {
    return null
  }
  const [repository = syntax.image] = syntax.image.split(':')
  if (!said.includes('frontend gateway') && !said.includes(repository)) return null
  return {
    message: `${at(path, syntax)} asks for the syntax ${syntax.image}, which cannot be pulled from here`,
    hint: 'Delete that line: the engine has a syntax of its own, with RUN --mount.',
  }
}

const ofParser: Explain = (path, { instructions }, said) => {
  const [, number, reason] = /dockerfile parse error (?:on )?line (\d+): (.+)/i.exec(said) ?? []
  if (number === undefined || reason === undefined) return null
  const line = Number(number)
  const before = instructions.findLast((one) => one.line < line)
  const isHere = before !== undefined && /<<-?["']?\w/.test(before.rest)
  return {
    message: `${at(path, { line })}: ${reason}`,
    hint: isHere
      ? `This engine knows no here-documents (line ${before.line}): write RUN a && b instead.`
      : 'Correct that line, commit, and push again.',
  }
}

const ofTarget: Explain = (path, { stages }, said, target) => {
  if (target === null || !/target stage .*could not be found/i.test(said)) return null
  const names = stages.length === 0 ? 'it names none' : `it has ${stages.join(', ')}`
  return { message: `${path} has no stage ${target}`, hint: `Name one of its stages: ${names}.` }
}

const ofSecret: Explain = (path, { instructions }, said) => {
  const id = /secret (\S+) not found/.exec(said)?.[1]
  if (id === undefined) return null
  const step = instructions.find(({ rest }) => rest.includes(`id=${id}`))
  return {
    message: `${at(path, step)} needs the secret ${id}, which the config does not have`,
    hint: `Set it, then push again: app config:set ${id}=…`,
  }
}

const ofPull: Explain = (path, { instructions }, said) => {
  const [, , host, name = '', reference = ''] =
    /(Head|Get) "?https?:\/\/([^/"]+)\/v2\/([^"]+)\/manifests\/([^"\s]+)"?/.exec(said) ?? []
  const [, denied = ''] = /(\S+[/:@]\S+): (?:pull access denied|not found$)/m.exec(said) ?? []
  if (host === undefined && denied === '') return null
  const wanted = host === undefined ? denied : name.replace(/^library\//, '')
  const short = wanted.replace(/^docker\.io\/(library\/)?/, '').split(/[:@]/)[0] ?? wanted
  const step = instructions.find(({ keyword, rest }) => keyword === 'FROM' && rest.includes(short))
  const shown = host === undefined ? denied : `${wanted}:${reference}`
  return {
    message: `${at(path, step)}: the image ${shown} cannot be pulled from here`,
    hint: 'Check its name; behind a mirror, write the mirror’s name for it, or start from slipway-12:run.',
  }
}

const ofStep: Explain = (path, { instructions }, said) => {
  const [, command, code] =
    /executor failed running \[(.*)\]: (?:exit code: (\d+)|.*)/s.exec(said) ??
    /process "(.*)" did not complete successfully: exit code: (\d+)/s.exec(said) ??
    []
  if (command === undefined) return null
  const run = folded(command.replace(/^\/bin\/(?:ba)?sh -c /, ''))
  const step = instructions.find((one) => one.keyword === 'RUN' && isSame(one, run))
  const ended = code === undefined ? 'failed' : `ended with exit code ${code}`
  const what = step === undefined ? `"${shortened(run)}"` : `RUN ${shortened(step.rest)}`
  return { message: `${at(path, step)}: ${what} ${ended}`, hint: look }
}

/** Flags of RUN (`--mount=…`) are not part of what is run. */
function isSame({ rest }: Instruction, run: string): boolean {
  const command = rest.replace(/^(--\S+ )+/, '')
  return (
    command === run || (command.startsWith('[') && folded(command.replace(/[[\]",]/g, ' ')) === run)
  )
}

const ofFile: Explain = (path, { instructions }, said) => {
  const missing = /"\/?([^"]+)":? not found/.exec(said)?.[1]
  if (missing === undefined) return null
  const step = instructions.find(
    ({ keyword, rest }) => ['COPY', 'ADD'].includes(keyword) && rest.includes(missing),
  )
  return {
    message: `${at(path, step)} copies ${missing}, which is not in the build context`,
    hint: 'Commit it, or take it out of .dockerignore; paths begin at the context, not at the Dockerfile.',
  }
}

function at(path: string, place: { readonly line: number } | undefined): string {
  return place === undefined ? path : `${path} line ${place.line}`
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}
