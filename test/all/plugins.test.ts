import { together } from '../together.ts'

together('plugins')
