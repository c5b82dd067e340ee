import type { Workshop } from '#driver/driver.ts'

/** A workshop that is opened when something is first asked of it: an idle builder stays small. */
export function lazyWorkshop(open: () => Promise<Workshop>): Workshop {
  let opening: Promise<Workshop> | null = null
  const workshop = (): Promise<Workshop> => {
    opening ??= open().catch((error: unknown) => {
      opening = null
      throw error
    })
    return opening
  }
  return {
    run: async (...args) => (await workshop()).run(...args),
    // What was never opened ran nothing that could recur.
    makeReady: async (signal) => (await opening)?.makeReady(signal),
    buildImage: async (...args) => (await workshop()).buildImage(...args),
    importImage: async (...args) => (await workshop()).importImage(...args),
    images: async (...args) => (await workshop()).images(...args),
    removeImage: async (...args) => (await workshop()).removeImage(...args),
    imageDigest: async (...args) => (await workshop()).imageDigest(...args),
    sweep: async (...args) => (await workshop()).sweep(...args),
  }
}
