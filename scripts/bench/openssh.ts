import { execFileSync, spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeSshKey } from '#scripts/platform/keys.ts'
import { git } from '#scripts/platform/git.ts'
import { listens } from './listens.ts'

/** The peer of `bench-push`: OpenSSH and a bare repository, which stores a push and builds nothing. */
export interface Peer {
  /** Pushes `main` of a folder to a bare repository of that name. */
  push(folder: string, name: string): Promise<void>
  close(): void
}

/** Needs Debian's openssh-server; installs nothing. `key` is the private key to push with. */
export async function openPeer(key: string, port = 3223): Promise<Peer> {
  const home = mkdtempSync(join(tmpdir(), 'slipway-sshd-'))
  makeSshKey(join(home, 'host'), 'bench')
  copyFileSync(`${key}.pub`, join(home, 'authorized'))
  writeFileSync(join(home, 'config'), config(home, port))
  if (!existsSync('/run/sshd')) mkdirSync('/run/sshd', { mode: 0o755 })
  const sshd = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(home, 'config')], {
    stdio: 'ignore',
  })
  await untilItListens(port)
  const env = { GIT_SSH_COMMAND: command(key) }
  return {
    push: async (folder, name) => {
      const bare = join(home, `${name}.git`)
      if (!existsSync(bare)) execFileSync('git', ['init', '-q', '--bare', bare])
      const end = await git(folder, ['push', '-q', `ssh://root@127.0.0.1:${port}${bare}`, 'main'], {
        env,
      })
      if (end.code !== 0) throw new Error(`the peer refused the push: ${end.output}`)
    },
    close: () => {
      sshd.kill()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

function command(key: string): string {
  return `ssh -F none -i ${key} -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR`
}

function config(home: string, port: number): string {
  return [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${home}/host`,
    `AuthorizedKeysFile ${home}/authorized`,
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'StrictModes no',
    'UsePAM no',
    `PidFile ${home}/pid`,
    '',
  ].join('\n')
}

async function untilItListens(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await listens(port)) return
    await sleep(50)
  }
  throw new Error('sshd does not listen; is openssh-server installed?')
}
