process.stderr.write('cannot start: DATABASE_URL is not set\n')
process.exitCode = 1
