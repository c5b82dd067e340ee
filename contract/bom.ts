import { type Static, Type } from 'typebox'
import { endpoint } from './endpoint.ts'

/** A CycloneDX 1.6 document: what a build is made of. */
export const Bom = Type.Object({
  bomFormat: Type.Literal('CycloneDX'),
  specVersion: Type.Literal('1.6'),
  serialNumber: Type.String(),
  version: Type.Integer(),
  metadata: Type.Unknown(),
  components: Type.Array(Type.Unknown()),
  dependencies: Type.Array(Type.Unknown()),
})
export type Bom = Static<typeof Bom>

export const getBom = endpoint({
  method: 'GET',
  path: '/apps/:app/builds/:build/sbom',
  summary:
    'What a build is made of: its lock files and the packages of its stack, as CycloneDX 1.6.',
  allow: 'app',
  reply: Bom,
  errors: ['APP_NOT_FOUND', 'BUILD_NOT_FOUND', 'NO_SBOM'],
})
