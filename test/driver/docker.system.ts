import t from 'tap'
import { openGround } from './docker-ground.ts'
import { fleetSuite } from './fleet-suite.ts'
import { workshopSuite } from './workshop-suite.ts'

const ground = await openGround()
t.teardown(() => ground.close())

fleetSuite('docker', ground.fleet, ground)
workshopSuite('docker', ground.workshop, ground)
