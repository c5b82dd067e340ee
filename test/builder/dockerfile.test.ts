import t from 'tap'
import { explainDockerFailure } from '#builder/build/dockerfile-failure.ts'
import { readDockerfile } from '#builder/build/dockerfile.ts'

const text = [
  '# syntax=docker/dockerfile:1.7',
  '# escape=\\',
  'FROM node:22 AS Build',
  'ARG TOKEN=x NAME',
  '# a comment',
  'RUN --mount=type=secret,id=KEY npm ci \\',
  '  # within',
  '  && npm run build',
  'RUN ["node", "x.js"]',
  'COPY --from=build /app/dist nowhere/ /srv/',
  'FROM scratch',
].join('\n')

t.test('a Dockerfile is read by instruction, with lines, arguments and stages', async (t) => {
  const file = readDockerfile(text)
  t.strictSame(file.syntax, { line: 1, image: 'docker/dockerfile:1.7' })
  t.strictSame([...file.args], ['TOKEN', 'NAME'])
  t.strictSame(file.stages, ['build'])
  t.strictSame(
    file.instructions.map(({ line, keyword }) => `${line} ${keyword}`),
    ['3 FROM', '4 ARG', '6 RUN', '9 RUN', '10 COPY', '11 FROM'],
  )
  t.equal(file.instructions[2]?.rest, '--mount=type=secret,id=KEY npm ci && npm run build')
})

const failures = [
  {
    said: 'executor failed running [/bin/sh -c npm ci   && npm run build]: exit code: 3',
    message: /^Dockerfile line 6: RUN .* ended with exit code 3$/,
  },
  { said: 'executor failed running [node x.js]: exit code: 1', message: /^Dockerfile line 9: RUN/ },
  {
    said: 'process "/bin/sh -c npm ci && npm run build" did not complete successfully: exit code: 2',
    message: /line 6: .* exit code 2$/,
  },
  { said: 'secret KEY not found: not found', message: /^Dockerfile line 6 needs the secret KEY/ },
  {
    said: 'failed to compute cache key: "/nowhere" not found: not found',
    message: /^Dockerfile line 10 copies nowhere, which is not in/,
  },
  {
    said: 'failed to solve with frontend dockerfile.v0: failed to create LLB definition: dockerfile parse error line 7: unknown instruction: NONSENSE',
    message: /^Dockerfile line 7: unknown instruction: NONSENSE$/,
  },
  {
    said: 'failed to create LLB definition: failed to do request: Head "https://registry-1.docker.io/v2/library/node/manifests/22": dial tcp: lookup registry-1.docker.io: no such host',
    message: /^Dockerfile line 3: the image node:22 cannot be pulled from here$/,
  },
  {
    said: 'failed to solve with frontend gateway.v0: failed to do request: Head "https://registry-1.docker.io/v2/docker/dockerfile/manifests/1.7": dial tcp: no such host',
    message: /^Dockerfile line 1 asks for the syntax docker\/dockerfile:1.7/,
  },
  { said: 'target stage web could not be found', target: 'web', message: /has no stage web$/ },
  { said: 'something nobody foresaw', message: /^Dockerfile could not be built$/ },
]

for (const { said, message, target = null } of failures) {
  t.test(said.slice(0, 60), async (t) => {
    const failure = explainDockerFailure('Dockerfile', readDockerfile(text), `x\n${said}\n`, target)
    t.match(failure.message, message)
    t.ok(failure.hint.length > 10)
  })
}

t.test('a here-document that the engine does not know is named', async (t) => {
  const file = readDockerfile('FROM a\nRUN <<EOF\necho hi\nEOF\n')
  const said = 'dockerfile parse error line 3: unknown instruction: ECHO'
  const { hint } = explainDockerFailure('Dockerfile', file, said, null)
  t.match(hint, 'This engine knows no here-documents (line 2)')
})
