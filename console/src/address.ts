import { useMemo, useSyncExternalStore } from 'react'

/** Where the page is, all behind the hash: `#/users?role=editor`, which no server gets to see and everybody may share. */

const subscribe = (listener: () => void) => {
  window.addEventListener('hashchange', listener)
  return () => window.removeEventListener('hashchange', listener)
}

const parts = () => {
  const [path = '', search = ''] = window.location.hash.slice(1).split('?')
  return { path: path || '/', search }
}

function navigate(to: string, { replace = false }: { replace?: boolean } = {}) {
  const from = window.location.href
  window.history[replace ? 'replaceState' : 'pushState'](null, '', `#${to}`)
  window.dispatchEvent(new HashChangeEvent('hashchange', { oldURL: from, newURL: window.location.href }))
}

const usePath = (): [string, typeof navigate] => [
  useSyncExternalStore(subscribe, () => parts().path),
  navigate
]

/** The location hook of wouter's Router. */
export const useHashPath = Object.assign(usePath, { hrefs: (href: string) => `#${href}` })

/** The search hook of wouter's Router. */
export const useHashSearch = () => useSyncExternalStore(subscribe, () => parts().search)

/** The filters of a list, kept in the address; setting one replaces it there, so that going back leaves the list. */
export function useFilters<Name extends string>(...names: Name[]) {
  const search = useHashSearch()
  const key = names.join()
  return useMemo(() => {
    const query = new URLSearchParams(search)
    const entries = key.split(',').map((name) => [name, query.get(name) ?? ''])
    const set = (name: Name, value: string | null) => {
      if (value) query.set(name, value)
      else query.delete(name)
      navigate([parts().path, query.toString()].filter(Boolean).join('?'), { replace: true })
    }
    return { filters: Object.fromEntries(entries) as Record<Name, string>, setFilter: set }
  }, [search, key])
}
