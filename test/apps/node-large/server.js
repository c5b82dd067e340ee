import express from 'express'

const app = express()
app.get('/', (request, response) => {
  response.type('text').send('hello from many packages\n')
})
app.listen(process.env.PORT ?? 5000)
