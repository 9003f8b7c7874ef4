import { together } from '../together.ts'

together('contract')
