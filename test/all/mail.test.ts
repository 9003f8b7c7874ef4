import { together } from '../together.ts'

together('mail')
