import { join } from 'node:path'
import t from 'tap'
import { getApp } from '#contract/app.ts'
import { openDesk } from './app.ts'

t.test('the app is -a, else DEIS_APP, else what the git remote names', async (t) => {
  const desk = await openDesk(t)
  await desk.git('init', '-q')
  await desk.git('remote', 'add', 'deis', 'ssh://git@127.0.0.1:2222/from-remote.git')
  await desk.git('remote', 'add', 'staging', 'git@paas.example.com:from-staging.git')
  const asked = async (words: string[], env = {}): Promise<string | undefined> => {
    await desk.app(['info', ...words], { env })
    return desk.fake.last(getApp)?.params['app']
  }
  t.equal(await asked([]), 'from-remote')
  t.equal(await asked(['--remote', 'staging']), 'from-staging')
  t.equal(await asked([], { DEIS_APP: 'from-env' }), 'from-env')
  t.equal(await asked(['-a', 'from-option'], { DEIS_APP: 'from-env' }), 'from-option')
})

t.test('the remote is found from a folder below and from a worktree', async (t) => {
  const desk = await openDesk(t)
  await desk.git('init', '-q')
  await desk.git('remote', 'add', 'deis', 'ssh://git@127.0.0.1:2222/shop.git')
  const who = ['-c', 'user.name=a', '-c', 'user.email=a@example.com']
  await desk.git(...who, 'commit', '-q', '--allow-empty', '-m', 'first')
  await desk.git('worktree', 'add', '-q', 'tree', '-b', 'other')
  t.match(await desk.app(['info'], { folder: join(desk.folder, 'tree') }), { code: 0 })
  t.match(await desk.app(['info'], { folder: join(desk.folder, '.git') }), { code: 0 })
})

t.test('a remote that names no app is told, without a password in it', async (t) => {
  const desk = await openDesk(t)
  await desk.git('init', '-q')
  await desk.git('remote', 'add', 'deis', 'https://me:secret@example.com/a/b.git')
  const got = await desk.app(['info'])
  t.match(got, { code: 2, stderr: /does not name an app \(https:\/\/example\.com\/a\/b\.git\)/ })
})

t.test('create adds the remote and says what to push', async (t) => {
  const desk = await openDesk(t)
  await desk.git('init', '-q', '-b', 'main')
  const got = await desk.app(['create', 'shop'])
  t.same(got, {
    code: 0,
    stdout: 'http://shop.localhost:8080/ | ssh://git@127.0.0.1:2222/shop.git\n',
    stderr: 'Made the app "shop".\nAdded the git remote "deis".\nhint: git push deis main\n',
  })
  t.equal(await desk.git('remote', 'get-url', 'deis'), 'ssh://git@127.0.0.1:2222/shop.git')
  t.match(await desk.app(['apps:create']), { code: 0, stderr: /"deis" was there already/ })
})

t.test('create leaves a remote that is there, and does without a repository', async (t) => {
  const desk = await openDesk(t)
  t.match(await desk.app(['create']), { code: 0, stderr: /No git repository is here/ })
  await desk.git('init', '-q', '-b', 'trunk')
  await desk.git('remote', 'add', 'deis', 'git@elsewhere:other.git')
  const got = await desk.app(['create'])
  t.match(got, {
    code: 0,
    stderr: /stays as it is \(git@elsewhere:other\.git\).+git remote set-url/s,
  })
  const staging = await desk.app(['create', '--remote', 'staging'])
  t.match(staging, { code: 0, stderr: /remote "staging"\.\nhint: git push staging HEAD:main\n$/ })
})
