import { usage } from './failure.ts'

export interface RouteName {
  readonly host: string
  /** `/` when none is named. */
  readonly path: string
}

/** `shop.example.org/api`, with or without `https://` before it. */
export function splitRoute(text: string, command: string): RouteName {
  const [, host, path = '/'] = /^(?:https?:\/\/)?([^/]+)(\/.*)?$/.exec(text) ?? []
  if (host !== undefined) return { host, path }
  throw usage(`"${text}" is no route: write HOST/path, such as shop.example.org/api.`, command)
}
