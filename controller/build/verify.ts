import { followVerification, verifyAgain } from '#contract/builder.ts'
import type { BuildInputs, Verification } from '#contract/build.ts'
import { call, type Peer } from '#contract/call.ts'
import { failure } from '#contract/error.ts'
import type { Artifact } from '#contract/release.ts'
import type { Vault } from '#controller/seal.ts'
import { slugById } from '#controller/store/builds.ts'
import { buildSettingsOf } from '#controller/store/build-settings.ts'
import { environmentOf } from '#controller/store/environments.ts'
import { releaseByBuild } from '#controller/store/releases.ts'
import type { AppRow, BuildRow, Store } from '#controller/store/tables.ts'

interface VerifyDeps {
  readonly db: Store
  readonly vault: Vault
  readonly builder: Peer
}

/** With the config its release was made with, on the stack it was built on. */
export async function beginVerification(
  { db, vault, builder }: VerifyDeps,
  app: AppRow,
  build: BuildRow,
  signal: AbortSignal,
): Promise<Verification> {
  const release = await releaseByBuild(db, build.id)
  const slug = build.slug_id === null ? undefined : await slugById(db, build.slug_id)
  if (release === undefined || slug === undefined) {
    throw failure('NOTHING_TO_VERIFY', { build: build.id.slice(0, 8), app: app.name })
  }
  const { id, name, branches } = await environmentOf(db, app.id)
  const checkout = {
    app: { id: app.id, name: app.name },
    environment: { id, name },
    branches: JSON.parse(branches) as string[],
    stack: build.stack,
    web_url: '',
    version: release.version,
    config: vault.unseal(app, release.config),
    build: await buildSettingsOf(db, app.id),
  }
  const artifact = JSON.parse(slug.artifact) as Artifact
  const inputs = build.inputs === null ? null : (JSON.parse(build.inputs) as BuildInputs)
  const body = {
    checkout,
    user: build.user_id,
    commit: build.commit_id,
    slug: { artifact },
    inputs,
  }
  const begun = await call(builder, verifyAgain, { body, signal })
  return { id: begun.id, state: 'running', result: null, failure: null }
}

export function verificationOf(
  { builder }: Pick<VerifyDeps, 'builder'>,
  app: AppRow,
  id: string,
  signal: AbortSignal,
): Promise<Verification> {
  return call(builder, followVerification, { params: { app: app.id, id }, signal })
}
