import { together } from '../together.ts'

together('routes')
