import { defineProblem } from '../problems/define.ts'

export const SettingFixed = defineProblem('SETTING_FIXED', 409, 'Set in the environment', {
  detail: 'The variable %s says it.',
  about:
    'A variable of the environment wins over the setting: change or unset it, and start the service anew.'
})

export const BlocksYourself = defineProblem('BLOCKS_YOURSELF', 409, 'Blocks yourself', {
  detail: 'You ask from %s, which this would block.',
  about:
    'Nobody can block the network that the request comes from: it would be the last. Where a proxy is in the way, TRUST_PROXY has to name it.'
})

export const NetworkBlocked = defineProblem('NETWORK_BLOCKED', 403, 'Blocked', {
  detail: 'Requests from your network are not answered.',
  about: 'An operator has blocked the network that the request comes from.'
})

export const ReadOnly = defineProblem('READ_ONLY', 503, 'Read-only for now', {
  detail: 'Nothing can be changed now. Try again later.',
  about:
    'An operator has made the service read-only for a while. Reading, signing in and out and refreshing go on, and so do changes of settings.'
})
