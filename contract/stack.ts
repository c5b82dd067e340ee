import { type Static, Type } from 'typebox'
import { endpoint } from './endpoint.ts'
import { Uuid } from './grammar.ts'

export const Stack = Type.Object({
  id: Uuid,
  name: Type.String(),
  /** What it is made of: `Debian 12 (bookworm)`. */
  base: Type.String(),
  /** New apps get it. */
  default: Type.Boolean(),
  state: Type.Literal('public'),
})
export type Stack = Static<typeof Stack>

/** Every stack there is. An operator makes the images of one with `scripts/stack NAME`. */
export const stacks = Object.freeze([
  {
    id: '0be5ae22-3b60-4d0c-9a4b-6c1c35a8a012',
    name: 'slipway-12',
    base: 'Debian 12 (bookworm)',
  },
  {
    id: '0be5ae22-3b60-4d0c-9a4b-6c1c35a8a013',
    name: 'slipway-13',
    base: 'Debian 13 (trixie)',
  },
])

export const listStacks = endpoint({
  method: 'GET',
  path: '/stacks',
  summary: 'The stacks an app can be built on.',
  allow: 'user',
  reply: Type.Array(Stack),
})

export const getStack = endpoint({
  method: 'GET',
  path: '/stacks/:stack',
  summary: 'One stack, by name or id.',
  allow: 'user',
  reply: Stack,
  errors: ['STACK_UNKNOWN'],
})
