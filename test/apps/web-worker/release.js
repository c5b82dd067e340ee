// Fails when RELEASE_FAILS is set, as a migration would.
process.stdout.write('migrating\n')
process.exitCode = process.env.RELEASE_FAILS === undefined ? 0 : 1
