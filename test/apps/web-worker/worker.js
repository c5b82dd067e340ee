let jobs = 0
setInterval(() => {
  jobs += 1
  process.stdout.write(`job ${jobs} done\n`)
}, 1000)
