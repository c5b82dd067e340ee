import type Docker from 'dockerode'

const systemBundle = '/etc/ssl/certs/ca-certificates.crt'

/** Variables by which common tools are told of a CA bundle. */
const variables = [
  'SSL_CERT_FILE',
  'NODE_EXTRA_CA_CERTS',
  'REQUESTS_CA_BUNDLE',
  'PIP_CERT',
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
]

/** The operator's CA bundle over the stack's own; nothing when none is set. */
export function trustMounts(caBundle: string | undefined): Docker.MountSettings[] {
  return caBundle === undefined ? [] : [bind(caBundle, systemBundle, false)]
}

export function trustVariables(caBundle: string | undefined): Record<string, string> {
  if (caBundle === undefined) return {}
  return Object.fromEntries(variables.map((name) => [name, systemBundle]))
}

/** A directory or file of the host inside a container. */
export function bind(source: string, target: string, writable: boolean): Docker.MountSettings {
  return { Type: 'bind', Source: source, Target: target, ReadOnly: !writable }
}

/** What is mounted on the source later shows at the target too, if the source is on a shared mount. */
export function asSlave(mount: Docker.MountSettings): Docker.MountSettings {
  return { ...mount, BindOptions: { Propagation: 'rslave' } }
}
