import type { ReactNode } from 'react'

/** Drawn on a grid of 24, in the colour of the text; what they mean is always said beside them. */
const icon = (drawing: ReactNode) =>
  function Icon({ size = 18 }: { size?: number }) {
    return (
      <svg
        aria-hidden
        width={size}
        height={size}
        viewBox="0 0 24 24"
        fill="none"
        stroke="currentColor"
        strokeWidth={1.8}
        strokeLinecap="round"
        strokeLinejoin="round"
      >
        {drawing}
      </svg>
    )
  }

export const IconUsers = icon(
  <path d="M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-7 10v-1a6 6 0 0 1 6-6h2a6 6 0 0 1 6 6v1M16 3.5a4 4 0 0 1 0 7.4M18.5 14.6A6 6 0 0 1 22 20v1" />
)
export const IconSessions = icon(<path d="M3 5h18v11H3zM8 20h8M12 16v4" />)
export const IconRoles = icon(<path d="M12 3 4 6v6c0 4.5 3.2 7.8 8 9 4.8-1.2 8-4.5 8-9V6zM9 12l2 2 4-4" />)
export const IconAudit = icon(<path d="M6 3h9l4 4v14H6zM14 3v5h5M9 12h7M9 16h7" />)
export const IconMe = icon(<path d="M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-8 9a8 8 0 0 1 16 0" />)
export const IconOverview = icon(<path d="M4 4h7v9H4zM13 4h7v5h-7zM13 11h7v9h-7zM4 15h7v5H4z" />)
export const IconTraffic = icon(<path d="M3 12h4l3-8 4 16 3-8h4" />)
export const IconSystem = icon(<path d="M4 5h16v6H4zM4 13h16v6H4zM8 8h.01M8 16h.01" />)
export const IconSearch = icon(<path d="M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14Zm5-2 5 5" />)
export const IconPlus = icon(<path d="M12 5v14M5 12h14" />)
export const IconTerminal = icon(<path d="m5 7 5 5-5 5M13 18h6" />)
export const IconSun = icon(
  <path d="M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5 19 19M5 19l1.5-1.5M17.5 6.5 19 5" />
)
export const IconMoon = icon(<path d="M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5Z" />)
export const IconLeave = icon(<path d="M14 4H5v16h9M10 12h11M18 9l3 3-3 3" />)
export const IconBook = icon(
  <path d="M4 4h6a2 2 0 0 1 2 2v14a3 3 0 0 0-3-2H4zM20 4h-6a2 2 0 0 0-2 2v14a3 3 0 0 1 3-2h5z" />
)
export const IconWarning = icon(<path d="M12 4 2.5 20h19zM12 10v4M12 17h.01" />)
export const IconOk = icon(<path d="M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Zm-4-9 3 3 5-6" />)
export const IconOff = icon(<path d="M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM6 6l12 12" />)
export const IconCheck = icon(<path d="m5 12 5 5 9-10" />)
export const IconBack = icon(<path d="M15 5l-7 7 7 7" />)
export const IconOffline = icon(
  <path d="M3 3l18 18M8 8a9 9 0 0 0-4 3M12 6a13 13 0 0 1 9 4M9 15a5 5 0 0 1 5 0M12 19h.01" />
)
export const IconDownload = icon(<path d="M12 4v11M7 11l5 5 5-5M5 20h14" />)

/** The mark of the product. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg aria-hidden width={size} height={size} viewBox="0 0 32 32">
      <rect width="32" height="32" rx="8" fill="var(--mantine-color-gate-6)" />
      <path fill="#fff" d="M6 9h3v2h2V9h3v2h4V9h3v2h2V9h3v15h-6v-5a4 4 0 0 0-8 0v5H6z" />
    </svg>
  )
}
