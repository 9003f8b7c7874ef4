import { together } from '../together.ts'

together('core')
