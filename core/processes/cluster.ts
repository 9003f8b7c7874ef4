import cluster from 'node:cluster'

/** The variable that bin/cluster.ts marks the processes with that it forks: its value is the id of that process. */
export const markOfCluster = 'GATEHOUSE_CLUSTER'

/** Whether another program has forked this process by node:cluster, such as PM2: it may do anything with a port. */
export const isForked = cluster.isWorker

/**
 * Whether that was bin/cluster.ts, which passes on what its processes tell each other, and serves the metrics of all.
 * Nobody else does.
 */
export const isOfOurCluster = isForked && process.env[markOfCluster] === String(process.ppid)

/** Whether this process says what is to be said once: of one cluster the first does, and none that replaces another. */
export const speaksForAll = !isOfOurCluster || cluster.worker?.id === 1
