import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { getBom } from '#contract/bom.ts'
import { createApp } from '#contract/app.ts'
import { finishBuild } from '#contract/push.ts'
import { componentsIn, locksOf } from '#builder/sbom/components.ts'
import { begin } from '#test/controller/push.ts'
import { startPlatform } from '#test/controller/platform.ts'

const integrity = `sha512-${Buffer.alloc(64, 7).toString('base64')}`

const samples = [
  {
    file: 'package-lock.json',
    text: JSON.stringify({
      lockfileVersion: 3,
      packages: {
        '': { name: 'app', version: '1.0.0' },
        'node_modules/@scope/a': { version: '1.2.3', integrity },
        'node_modules/b/node_modules/c': { version: '2.0.0-rc.1' },
        'packages/own': { version: '1.0.0' },
        'node_modules/own': { link: true },
      },
    }),
    purls: ['pkg:npm/%40scope/a@1.2.3', 'pkg:npm/c@2.0.0-rc.1'],
  },
  {
    file: 'pnpm-lock.yaml',
    text: "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      x: 1\n\npackages:\n\n  '@scope/a@1.2.3':\n    resolution: {integrity: sha512-AQID}\n    engines: {node: '>=18'}\n\n  b@2.0.0:\n    resolution: {integrity: sha512-AQID}\n\nsnapshots:\n\n  'b@2.0.0(c@3.0.0)': {}\n",
    purls: ['pkg:npm/%40scope/a@1.2.3', 'pkg:npm/b@2.0.0'],
  },
  {
    file: 'yarn.lock',
    text: '# yarn lockfile v1\n\n\n"@scope/a@^1.0.0", "@scope/a@^1.2.0":\n  version "1.2.3"\n  resolved "https://r/a.tgz#1"\n  integrity sha512-AQID\n\nb@2:\n  version "2.0.0"\n',
    purls: ['pkg:npm/%40scope/a@1.2.3', 'pkg:npm/b@2.0.0'],
  },
  {
    file: 'yarn.lock',
    text: '__metadata:\n  version: 8\n\n"@scope/a@npm:^1.0.0":\n  version: 1.2.3\n  resolution: "@scope/a@npm:1.2.3"\n\n"app@workspace:.":\n  resolution: "app@workspace:."\n',
    purls: ['pkg:npm/%40scope/a@1.2.3'],
  },
  {
    file: 'bun.lock',
    text: '{\n  "packages": {\n    "@scope/a": ["@scope/a@1.2.3", "", {}, "sha512-AQID"],\n    "own": ["own@workspace:own"],\n  }\n}\n',
    purls: ['pkg:npm/%40scope/a@1.2.3'],
  },
  {
    file: 'deno.lock',
    text: '{"version":"5","jsr":{"@std/path@1.0.8":{}},"npm":{"ms@2.1.3":{"integrity":"sha512-AQID"}}}',
    purls: ['pkg:generic/%40std/path@1.0.8', 'pkg:npm/ms@2.1.3'],
  },
  {
    file: 'uv.lock',
    text: 'version = 1\n\n[[package]]\nname = "app"\nversion = "0.1.0"\nsource = { virtual = "." }\n\n[[package]]\nname = "Flask_Cors"\nversion = "5.0.0"\n',
    purls: ['pkg:pypi/flask-cors@5.0.0'],
  },
  {
    file: 'requirements.txt',
    text: '# web\nflask==3.1.2\ngunicorn[gevent] == 23.0.0 ; python_version > "3"\nloose>=1\n-r more.txt\n',
    purls: ['pkg:pypi/flask@3.1.2', 'pkg:pypi/gunicorn@23.0.0'],
  },
  {
    file: 'go.mod',
    text: 'module example.org/app\n\ngo 1.25\n\nrequire github.com/a/b/v2 v2.1.0\n\nrequire (\n\tgolang.org/x/net v0.30.0 // indirect\n)\n',
    purls: ['pkg:golang/github.com/a/b/v2@v2.1.0', 'pkg:golang/golang.org/x/net@v0.30.0'],
  },
  {
    file: 'Cargo.lock',
    text: 'version = 4\n\n[[package]]\nname = "serde"\nversion = "1.0.219"\nsource = "registry+x"\n',
    purls: ['pkg:cargo/serde@1.0.219'],
  },
  {
    file: 'Gemfile.lock',
    text: 'GEM\n  remote: https://r/\n  specs:\n    rack (3.1.8)\n    sinatra (4.1.1)\n      rack (>= 3.0.0, < 4)\n',
    purls: ['pkg:gem/rack@3.1.8', 'pkg:gem/sinatra@4.1.1'],
  },
  {
    file: 'composer.lock',
    text: '{"packages":[{"name":"monolog/monolog","version":"3.9.0"}],"packages-dev":[{"name":"x/y","version":"1"}]}',
    purls: ['pkg:composer/monolog/monolog@3.9.0'],
  },
  {
    file: 'mix.lock',
    text: '%{\n  "plug": {:hex, :plug, "1.18.1", "abc", [:mix], [], "hexpm", "def"},\n}\n',
    purls: ['pkg:hex/plug@1.18.1'],
  },
  {
    file: 'pom.xml',
    text: '<dependencies><dependency><groupId>org.a</groupId><artifactId>b</artifactId><version>1.0</version></dependency><dependency><groupId>c</groupId><artifactId>d</artifactId></dependency></dependencies>',
    purls: ['pkg:maven/org.a/b@1.0'],
  },
  { file: 'package-lock.json', text: '{ broken', purls: [] },
]

for (const { file, text, purls } of samples) {
  t.test(`${file} names ${purls.length} packages (${text.length} bytes)`, async (t) => {
    const app = t.testdir({ [file]: text })
    t.strictSame(
      componentsIn(await locksOf(app)).map(({ purl }) => purl),
      purls,
    )
  })
}

t.test('a hash of the lock file is given as hex', async (t) => {
  const app = t.testdir({ 'package-lock.json': samples[0]?.text ?? '' })
  const [first] = componentsIn(await locksOf(app))
  t.strictSame(first?.hashes, [{ alg: 'SHA-512', content: '07'.repeat(64) }])
})

t.test('the list of a build is a CycloneDX document, the same for the same slug', async (t) => {
  const { user, builder } = await startPlatform(t)
  const alice = await user('alice@example.com')
  const app = await alice(createApp, { body: { name: 'shop' } })
  const folder = t.testdir()
  for (const { file, text } of samples.filter(({ purls }) => purls.length > 0)) {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await writeFile(join(folder, file), text)
  }
  const components = componentsIn(await locksOf(folder))
  const slug = {
    digest: `sha256:${'a'.repeat(64)}`,
    artifact: { kind: 'tree' as const, layers: ['/slugs/a/app'] },
    process_types: { web: 'node .' },
    buildpack: 'Node.js',
    stack: 'slipway-12',
    size: 1,
    bom: gzipSync(JSON.stringify(components)).toString('base64'),
  }
  const document = async () => {
    const build = await begin(builder, { app: app.id, by: alice, text: 'one' })
    await builder(finishBuild, { params: { build }, body: { status: 'succeeded', slug } })
    return alice(getBom, { params: { app: 'shop', build } })
  }
  const bom = await document()
  t.equal(bom.components.length, components.length)
  t.ok(components.length >= 12)
  t.strictSame(await document(), bom)
  const check = validator()
  if (check === null)
    return t.comment('not checked against the schema: its package is not installed')
  t.ok(check(bom), JSON.stringify(check.errors?.slice(0, 3)))
  t.notOk(check({ ...bom, specVersion: 7 }), 'and the schema would tell')
})

interface Check {
  (document: unknown): boolean
  readonly errors?: readonly unknown[] | null
}

interface Checker {
  addSchema(schema: object, id: string): void
  compile(schema: object): Check
}

/** Packages of others that may be there; the document needs neither. */
const [library, checker] = ['@cyclonedx/cyclonedx-library', 'ajv']
const address = 'http://cyclonedx.org/schema'

/** By the schema of CycloneDX itself, as its package has it; null without that. */
function validator(): Check | null {
  const require = createRequire(import.meta.url)
  try {
    const home = dirname(require.resolve(`${library}/package.json`))
    const { Ajv } = require(`${checker}`) as { Ajv: new (options: object) => Checker }
    const schema = (name: string): object =>
      JSON.parse(
        readFileSync(join(home, `res/schema/${name}.SNAPSHOT.schema.json`), 'utf8'),
      ) as object
    const ajv = new Ajv({ strict: false, validateFormats: false })
    for (const name of ['spdx', 'jsf-0.82']) {
      ajv.addSchema(schema(name), `${address}/${name}.SNAPSHOT.schema.json`)
    }
    return ajv.compile(schema('bom-1.6'))
  } catch {
    return null
  }
}
