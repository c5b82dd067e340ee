import { registerHooks } from 'node:module'
import { SettingError } from '#lib/settings.ts'

// TypeBox takes 30 MB, more than all else of the router, which checks two small bodies.
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'typebox'
      ? { url: new URL('schema/type.ts', import.meta.url).href, shortCircuit: true }
      : next(specifier, context),
})

try {
  // Imported here so that the contract it needs meets the hook above.
  const { run } = await import('./run.ts')
  await run(process.env)
  process.exit(0)
} catch (error) {
  if (!(error instanceof SettingError)) throw error
  process.stderr.write(`error: ${error.message}\n`)
  process.exit(1)
}
