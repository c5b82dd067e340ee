import t from 'tap'
import { controllerEndpoints } from '#contract/api.ts'
import { createApp } from '#contract/app.ts'
import { pathOf } from '#contract/call.ts'
import type { Endpoint, Role } from '#contract/endpoint.ts'
import { type Http, serve } from '#controller/http/serve.ts'
import { startPlatform } from '#test/controller/platform.ts'

type Who = 'nobody' | 'junk' | 'stranger' | 'owner' | 'collaborator' | 'admin' | 'program'
type Told = 'in' | 'UNAUTHORIZED' | 'FORBIDDEN' | 'APP_NOT_FOUND'

const everybody = (told: Told): Record<Who, Told> => ({
  nobody: told,
  junk: told,
  stranger: told,
  owner: told,
  collaborator: told,
  admin: told,
  program: told,
})
const unknown = { nobody: 'UNAUTHORIZED', junk: 'UNAUTHORIZED' } as const
const outsiders = { ...unknown, program: 'FORBIDDEN' } as const

/** Who is let in where, written down a second time. */
const expected: Record<Role, Record<Who, Told>> = {
  anyone: everybody('in'),
  user: { ...everybody('in'), ...outsiders },
  app: { ...everybody('in'), ...outsiders, stranger: 'APP_NOT_FOUND' },
  admin: { ...everybody('FORBIDDEN'), ...outsiders, admin: 'in' },
  builder: { ...everybody('FORBIDDEN'), ...unknown, program: 'in' },
  router: { ...everybody('FORBIDDEN'), ...unknown, program: 'in' },
  controller: { ...everybody('FORBIDDEN'), ...unknown },
}

/** Endpoints that other rooms answer, here by nothing. */
function serveTheRest(http: Http): void {
  const isServed = ({ method, path }: Endpoint): boolean =>
    http.fastify.hasRoute({ method, url: path })
  for (const endpoint of controllerEndpoints.filter((each) => !isServed(each))) {
    serve(http, endpoint, async () => undefined)
  }
}

t.test('every route lets in exactly whom its row allows', async (t) => {
  const platform = await startPlatform(t, {}, {}, [serveTheRest])
  let count = 0
  for (const endpoint of controllerEndpoints) {
    for (const who of Object.keys(expected.anyone) as Who[]) {
      count += 1
      const told = await ask(platform, endpoint, who, `app-${count}`)
      const wanted = expected[endpoint.allow][who]
      t.equal(told, wanted, `${endpoint.method} ${endpoint.path} as ${who}: ${wanted}`)
    }
  }
})

t.test('what a request may do is decided before its body is read', async (t) => {
  const { url } = await startPlatform(t)
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}/apps`, { method: 'POST', body: '{not json', headers })
  t.equal(response.status, 401)
})

type Platform = Awaited<ReturnType<typeof startPlatform>>

async function ask(platform: Platform, endpoint: Endpoint, who: Who, name: string): Promise<Told> {
  const { token, app } = await cast(platform, who, name)
  const names = [...endpoint.path.matchAll(/:(\w+)/g)].map(([, each = '']) => [each, 'x'])
  const params = { ...Object.fromEntries(names), app } as Record<string, string>
  const response = await fetch(platform.url + pathOf(endpoint, { params }), {
    method: endpoint.method,
    ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
  })
  const { code } = (await response.json().catch(() => ({}))) as { code?: string }
  const isOwnAnswer = endpoint.path.startsWith('/oauth') && endpoint.allow === 'anyone'
  return isTold(code) && !isOwnAnswer ? code : 'in'
}

/** A fresh app and somebody who asks for it: some endpoints destroy one or the other. */
async function cast(
  platform: Platform,
  who: Who,
  name: string,
): Promise<{ token: string | undefined; app: string }> {
  const owner = await platform.user(`owner@${name}`)
  const app = await owner(createApp, { body: { name } })
  if (who === 'nobody') return { token: undefined, app: name }
  if (who === 'junk') return { token: 'junk', app: name }
  if (who === 'program') return { token: platform.builder.peer.token, app: name }
  if (who === 'owner') return { token: owner.peer.token, app: name }
  const other = await platform.user(`other@${name}`, { admin: who === 'admin' })
  if (who === 'collaborator') {
    const row = { app_id: app.id, user_id: other.id, created_at: '2026-01-31T10:00:00.000Z' }
    await platform.deps.db.insertInto('collaborators').values(row).execute()
  }
  return { token: other.peer.token, app: name }
}

function isTold(code: string | undefined): code is Told {
  return code === 'UNAUTHORIZED' || code === 'FORBIDDEN' || code === 'APP_NOT_FOUND'
}
