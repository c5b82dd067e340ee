import type { WhyAnswer, WhyInstance } from '#contract/route.ts'

/** What two processes of the router say together: their requests and connections are added up. */
export function mergeWhy(first: unknown, second: unknown): WhyAnswer {
  const [ours, theirs] = [first, second] as [WhyAnswer, WhyAnswer]
  const instances = ours.instances.map((one) =>
    both(
      one,
      theirs.instances.find(({ id }) => id === one.id),
    ),
  )
  return { ...ours, in_flight: ours.in_flight + theirs.in_flight, instances }
}

function both(one: WhyInstance, other: WhyInstance | undefined): WhyInstance {
  if (other === undefined) return one
  const { ejected_ms = one.ejected_ms } = other
  return {
    ...one,
    in_flight: one.in_flight + other.in_flight,
    tunnels: one.tunnels + other.tunnels,
    idle: one.idle + other.idle,
    ...(ejected_ms === undefined ? {} : { ejected_ms }),
  }
}
