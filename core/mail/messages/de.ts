import type { Kind } from '../outbox.ts'
import type { Facts, Message } from './message.ts'

const notYou =
  'Wenn Sie das nicht waren, wählen Sie sofort ein neues Passwort und beenden Sie die anderen Sitzungen Ihres Kontos.'

const notYourPasskey =
  'Wenn Sie das nicht waren, entfernen Sie alle Passkeys, die Sie nicht kennen, wählen Sie sofort ein neues Passwort und beenden Sie die anderen Sitzungen Ihres Kontos.'

export const instants = new Intl.DateTimeFormat('de-DE', {
  dateStyle: 'long',
  timeStyle: 'short',
  timeZone: 'UTC'
})

export const de: Record<Kind, (facts: Facts) => Message> = {
  verification: ({ username }) => ({
    subject: 'Bestätigen Sie Ihre Adresse',
    paragraphs: [
      `Das Konto „${username}“ soll diese Adresse bekommen. Öffnen Sie den Link innerhalb von 24 Stunden, um zu bestätigen, dass sie Ihnen gehört und Sie das wollen.`,
      'Wenn das nicht Ihr Konto ist, tun Sie nichts: Ohne den Link geschieht nichts.'
    ],
    link: 'Adresse bestätigen'
  }),
  undo: ({ username }) => ({
    subject: 'Ihre Adresse wird geändert',
    paragraphs: [
      `Jemand, der als „${username}“ angemeldet ist, will die Adresse des Kontos, nämlich diese, ändern oder entfernen. Wenn Sie das waren, ist nichts zu tun. Wenn nicht, öffnen Sie den Link innerhalb von 7 Tagen.`,
      'Der Link gibt dem Konto diese Adresse zurück, beendet alle Sitzungen und macht das Passwort ungültig. Sie bekommen dann eine Mail, um ein neues zu wählen.'
    ],
    link: 'Das war ich nicht: rückgängig machen'
  }),
  recovery: ({ username }) => ({
    subject: 'Wählen Sie ein neues Passwort',
    paragraphs: [
      `Jemand hat für das Konto „${username}“ ein neues Passwort angefordert. Öffnen Sie den Link innerhalb einer Stunde, um eines zu wählen.`,
      'Wenn Sie das nicht waren, tun Sie nichts: Ihr Passwort bleibt, wie es ist.'
    ],
    link: 'Neues Passwort wählen'
  }),
  invitation: () => ({
    subject: 'Sie sind eingeladen',
    paragraphs: [
      'Sie sind eingeladen, ein Konto anzulegen. Öffnen Sie den Link innerhalb von 7 Tagen, um Namen und Passwort zu wählen.',
      'Wenn Sie das nicht erwarten, tun Sie nichts.'
    ],
    link: 'Konto anlegen'
  }),
  password: ({ username, at }) => ({
    subject: 'Ihr Passwort wurde geändert',
    paragraphs: [`Das Passwort des Kontos „${username}“ wurde geändert (${at} UTC).`, notYou]
  }),
  device: ({ username, at, address, agent }) => ({
    subject: 'Anmeldung von einem neuen Gerät',
    paragraphs: [
      `Jemand hat sich als „${username}“ auf eine Weise angemeldet, die in den letzten 30 Tagen nicht vorkam: ${agent}, von ${address} (${at} UTC).`,
      `Wenn Sie das waren, ist nichts zu tun. ${notYou}`
    ]
  }),
  theft: ({ username, at }) => ({
    subject: 'Eine Sitzung Ihres Kontos wurde beendet',
    paragraphs: [
      `Eine Sitzung des Kontos „${username}“ wurde an zwei Stellen zugleich benutzt, wie nach dem Diebstahl eines Tokens, und wurde beendet (${at} UTC).`,
      'Melden Sie sich neu an, wo es nötig ist. Wenn Sie kein Programm benutzen, das dies getan haben kann, wählen Sie ein neues Passwort.'
    ]
  }),
  passkey_added: ({ username, at, address, agent }) => ({
    subject: 'Ihr Konto hat einen neuen Passkey',
    paragraphs: [
      `Ein neuer Passkey meldet von nun an als „${username}“ an. Er wurde mit ${agent} hinzugefügt, von ${address} aus (${at} UTC).`,
      `Wenn Sie das waren, ist nichts zu tun. ${notYourPasskey}`
    ]
  }),
  passkey_removed: ({ username, at, address, agent }) => ({
    subject: 'Ein Passkey Ihres Kontos wurde entfernt',
    paragraphs: [
      `Ein Passkey meldet nicht mehr als „${username}“ an. Er wurde mit ${agent} entfernt, von ${address} aus (${at} UTC).`,
      `Wenn Sie das waren, ist nichts zu tun. ${notYourPasskey}`
    ]
  }),
  passkey_cloned: ({ username, at, address, agent }) => ({
    subject: 'Ein Passkey Ihres Kontos wurde abgewiesen',
    paragraphs: [
      `Ein Passkey des Kontos „${username}“ wurde benutzt, der eine Kopie des Ihren zu sein scheint: ${agent}, von ${address} aus (${at} UTC). Er wurde abgewiesen.`,
      'Entfernen Sie diesen Passkey aus Ihrem Konto und legen Sie einen neuen an. Fragen Sie den Betreiber des Dienstes, was sonst zu tun ist.'
    ]
  }),
  key: ({ username, at }) => ({
    subject: 'Für Ihr Konto wurde ein Schlüssel angelegt',
    paragraphs: [
      `Ein Schlüssel wurde angelegt, mit dem ein Programm als „${username}“ handeln kann (${at} UTC). Ihr Konto zeigt seine Schlüssel.`,
      'Wenn weder Sie es waren noch jemand aus der Verwaltung für Sie, ziehen Sie den Schlüssel zurück, wählen Sie ein neues Passwort und beenden Sie die anderen Sitzungen Ihres Kontos.'
    ]
  }),
  factor_added: ({ username, at }) => ({
    subject: 'Ein zweiter Faktor ist dazugekommen',
    paragraphs: [
      `Für das Konto „${username}“ gibt es außer dem Passwort einen weiteren Nachweis, dass Sie es sind (${at} UTC).`,
      notYou
    ]
  }),
  factor_removed: ({ username, at }) => ({
    subject: 'Ein zweiter Faktor wurde entfernt',
    paragraphs: [
      `Für das Konto „${username}“ gibt es außer dem Passwort einen Nachweis weniger, dass Sie es sind (${at} UTC).`,
      notYou
    ]
  }),
  recovery_code: ({ username, at, address, agent }) => ({
    subject: 'Ein Wiederherstellungscode wurde benutzt',
    paragraphs: [
      `Ein Wiederherstellungscode des Kontos „${username}“ wurde statt des zweiten Faktors benutzt: ${agent}, von ${address} (${at} UTC). Er gilt nicht mehr.`,
      notYou
    ]
  }),
  recovery_codes: ({ username, at }) => ({
    subject: 'Sie haben neue Wiederherstellungscodes',
    paragraphs: [
      `Das Konto „${username}“ hat neue Wiederherstellungscodes; die bisherigen gelten nicht mehr (${at} UTC).`,
      notYou
    ]
  }),
  test: () => ({ subject: 'Ein Test', paragraphs: ['Mail von diesem Dienst kommt an.'] })
}
