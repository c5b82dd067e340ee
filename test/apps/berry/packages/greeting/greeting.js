const ms = require('ms')

exports.to = (release) => `hello from berry ${ms(60_000)}, release ${release}\n`
