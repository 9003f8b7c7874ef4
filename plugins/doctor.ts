import fp from 'fastify-plugin'
import { Examinations } from '../core/doctor/examinations.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** What `npm run doctor` finds, looked at from within. */
    doctor: Examinations
  }
}

/** Examines the service when somebody asks. */
export default fp(
  async (fastify) => {
    const doctor = new Examinations(fastify.config)
    fastify.decorate('doctor', doctor)
    fastify.addHook('onClose', () => doctor.close())
  },
  { name: 'doctor', dependencies: ['config'] }
)
