import type { KhqrReceiptFault, KhqrView } from "./view"

export type KhqrLocale = "en" | "km"

type Words = { title: string; text: string }

/** Everything `<khqr-payment>` says, in one language. */
export type KhqrTexts = {
  views: Record<KhqrView, Words>
  notices: {
    checking: string
    not_seen_yet: string
    bank_silent: string
    offline: string
    already_paid: string
    renew_failed: string
    switched_off: string
  }
  /** Text alternative of the card. `{amount}` and `{merchant}` are filled in. */
  card: string
  /** The same of a card without an amount. */
  staticCard: string
  /** Above the amount, where the shopper has to type it. */
  typeAmount: string
  copyAmount: string
  copied: string
  receipt: {
    label: string
    hint: string
    send: string
    /** While the bank is asked. */
    checking: string
    faults: Record<KhqrReceiptFault, string>
  }
  amount: string
  reference: string
  timeLeft: string
  oneMinuteLeft: string
  iHavePaid: string
  newQr: string
}

const en: KhqrTexts = {
  views: {
    loading: { title: "One moment", text: "Your QR is being prepared." },
    waiting: {
      title: "Scan the KHQR to pay",
      text: "Open your bank’s app and scan this QR. Any bank with KHQR will do.",
    },
    static_waiting: {
      title: "Scan, and type the amount",
      text: "Scan this QR in your bank’s app and type exactly the amount below. Then enter the hash from your receipt.",
    },
    static_over: {
      title: "Have you paid?",
      text: "This payment was opened more than a day ago. If you have paid, enter the hash from your receipt and do not pay again. If not, take a new QR.",
    },
    time_up: {
      title: "Time is up",
      text: "We are making sure with the bank. If you have paid, wait here and do not pay again. If you have not, take a new QR.",
    },
    replaced: {
      title: "This QR is no longer used",
      text: "Your cart has changed since it was made. If you have paid it, keep your receipt and do not pay again. If not, go back to the payment step for a new QR.",
    },
    paid: {
      title: "Payment received",
      text: "Your order is being made. This takes a few seconds.",
    },
    completed: {
      title: "Thank you, your order is placed",
      text: "The payment is complete.",
    },
    expired: {
      title: "This QR has expired",
      text: "The bank has seen no payment for it. If you have paid it all the same, tell us and do not pay again. If not, take a new QR.",
    },
    failed: {
      title: "The payment did not go through",
      text: "The bank says that this transfer failed. Look at your account first: if the money has left it, tell us and do not pay again. If not, take a new QR.",
    },
    in_review: {
      title: "We have your payment",
      text: "Someone at the shop is looking at it and will contact you. Please do not pay again.",
    },
    refunded: {
      title: "Your money was sent back",
      text: "The shop has returned this payment to the account it came from. To order, go back to your cart and pay anew.",
    },
    dismissed: {
      title: "This payment is closed",
      text: "The shop has closed it without an order. If you have questions, ask the shop and tell them the reference.",
    },
    offline: {
      title: "No connection to the shop",
      text: "Trying again by itself. If you have paid, keep your receipt and do not pay again.",
    },
    not_found: {
      title: "This payment was not found",
      text: "Go back to your cart and choose KHQR again.",
    },
    misconfigured: {
      title: "KHQR cannot be shown here",
      text: "Please contact the shop or choose another way to pay.",
    },
  },
  notices: {
    checking: "Asking the bank… Please keep this page open.",
    not_seen_yet:
      "The bank has not seen it yet. If you have paid, keep your receipt and do not pay again: we go on asking.",
    bank_silent:
      "We cannot ask the bank just now. If you have paid, keep your receipt and do not pay again: we confirm as soon as it answers.",
    offline:
      "No connection to the shop. If you have paid, keep your receipt and do not pay again: this page catches up by itself.",
    already_paid: "This QR is already paid. Please do not pay again.",
    renew_failed: "A new QR could not be made just now. Please try again.",
    switched_off:
      "This shop takes no KHQR payments at the moment. If you have not paid, choose another way to pay.",
  },
  card: "KHQR code: pay {amount} to {merchant}",
  staticCard: "KHQR code: pay {merchant}, and type {amount} in your bank’s app",
  typeAmount: "Type this amount in your bank’s app",
  copyAmount: "Copy amount",
  copied: "Copied",
  receipt: {
    label: "Hash on your receipt",
    hint: "8 or 64 characters, for example 1a2b3c4d. Your bank’s app shows it with the transfer.",
    send: "Check receipt",
    checking: "Looking for your transfer at the bank…",
    faults: {
      malformed:
        "The hash has 8 or 64 characters: digits and the letters a to f.",
      receipt_not_found:
        "The bank has no transfer with this hash and amount. Compare each character. If you have just paid, wait a minute and try again; do not pay again.",
      receipt_mismatch:
        "This transfer is not for this payment: another amount, receiver or time. Ask the shop; do not pay again.",
      receipt_used: "This transfer already pays for another order.",
      receipt_unknown:
        "The bank is not answering. Keep your receipt, do not pay again, and try again in a few minutes.",
      receipt_unsupported:
        "This shop cannot look receipts up here. Keep your receipt and show it to the shop; do not pay again.",
      too_many_attempts:
        "Too many tries. Keep your receipt, do not pay again, and try later or show it to the shop.",
      failed:
        "The receipt could not be checked just now. Keep it, do not pay again, and try again.",
    },
  },
  amount: "Amount",
  reference: "Reference",
  timeLeft: "Time left",
  oneMinuteLeft: "One minute left to scan.",
  iHavePaid: "I have paid",
  newQr: "New QR",
}

const km: KhqrTexts = {
  views: {
    loading: { title: "សូមរង់ចាំបន្តិច", text: "កំពុងរៀបចំ QR របស់អ្នក។" },
    waiting: {
      title: "សូមស្កេន KHQR ដើម្បីបង់ប្រាក់",
      text: "សូមបើកកម្មវិធីធនាគាររបស់អ្នក រួចស្កេន QR នេះ។ អាចប្រើបានជាមួយគ្រប់ធនាគារដែលមាន KHQR។",
    },
    static_waiting: {
      title: "សូមស្កេន រួចវាយចំនួនទឹកប្រាក់",
      text: "សូមស្កេន QR នេះក្នុងកម្មវិធីធនាគាររបស់អ្នក រួចវាយចំនួនទឹកប្រាក់ខាងក្រោមឱ្យត្រឹមត្រូវ។ បន្ទាប់មក សូមបញ្ចូលលេខ Hash ពីបង្កាន់ដៃរបស់អ្នក។",
    },
    static_over: {
      title: "តើអ្នកបានបង់ប្រាក់រួចហើយឬនៅ?",
      text: "ការបង់ប្រាក់នេះបានបើកលើសពីមួយថ្ងៃហើយ។ ប្រសិនបើអ្នកបានបង់រួចហើយ សូមបញ្ចូលលេខ Hash ពីបង្កាន់ដៃ និងកុំបង់ម្តងទៀត។ ប្រសិនបើមិនទាន់បង់ទេ សូមបង្កើត QR ថ្មី។",
    },
    time_up: {
      title: "អស់ពេលកំណត់ហើយ",
      text: "យើងកំពុងផ្ទៀងផ្ទាត់ជាមួយធនាគារ។ ប្រសិនបើអ្នកបានបង់ប្រាក់រួចហើយ សូមរង់ចាំ និងកុំបង់ម្តងទៀត។ ប្រសិនបើមិនទាន់បង់ទេ សូមបង្កើត QR ថ្មី។",
    },
    replaced: {
      title: "QR នេះលែងប្រើបានហើយ",
      text: "កន្ត្រកទំនិញរបស់អ្នកបានផ្លាស់ប្តូរ បន្ទាប់ពីបង្កើត QR នេះ។ ប្រសិនបើអ្នកបានបង់ប្រាក់តាម QR នេះរួចហើយ សូមរក្សាទុកបង្កាន់ដៃ និងកុំបង់ម្តងទៀត។ ប្រសិនបើមិនទាន់បង់ទេ សូមត្រឡប់ទៅជំហានបង់ប្រាក់ ដើម្បីបង្កើត QR ថ្មី។",
    },
    paid: {
      title: "បានទទួលការបង់ប្រាក់",
      text: "កំពុងរៀបចំការបញ្ជាទិញរបស់អ្នក។ សូមរង់ចាំបន្តិច។",
    },
    completed: {
      title: "សូមអរគុណ! ការបញ្ជាទិញបានជោគជ័យ",
      text: "ការបង់ប្រាក់ត្រូវបានបញ្ចប់ដោយជោគជ័យ។",
    },
    expired: {
      title: "QR នេះផុតកំណត់ហើយ",
      text: "ធនាគារមិនឃើញមានការបង់ប្រាក់សម្រាប់ QR នេះទេ។ ប្រសិនបើអ្នកបានបង់ប្រាក់រួចហើយ សូមប្រាប់យើង និងកុំបង់ម្តងទៀត។ ប្រសិនបើមិនទាន់បង់ទេ សូមបង្កើត QR ថ្មី។",
    },
    failed: {
      title: "ការបង់ប្រាក់មិនបានជោគជ័យ",
      text: "ធនាគារជូនដំណឹងថាប្រតិបត្តិការនេះមិនបានជោគជ័យ។ សូមពិនិត្យគណនីរបស់អ្នកជាមុនសិន។ ប្រសិនបើប្រាក់ត្រូវបានកាត់រួចហើយ សូមប្រាប់យើង និងកុំបង់ម្តងទៀត។ ប្រសិនបើមិនទាន់ទេ សូមបង្កើត QR ថ្មី។",
    },
    in_review: {
      title: "យើងបានទទួលប្រាក់របស់អ្នកហើយ",
      text: "ហាងកំពុងពិនិត្យការបង់ប្រាក់នេះ ហើយនឹងទាក់ទងអ្នក។ សូមកុំបង់ប្រាក់ម្តងទៀត។",
    },
    refunded: {
      title: "ប្រាក់របស់អ្នកត្រូវបានផ្ញើត្រឡប់វិញហើយ",
      text: "ហាងបានផ្ញើប្រាក់នេះត្រឡប់ទៅគណនីដែលបានបង់វិញ។ ដើម្បីបញ្ជាទិញ សូមត្រឡប់ទៅកន្ត្រកទំនិញ រួចបង់ប្រាក់សាជាថ្មី។",
    },
    dismissed: {
      title: "ការបង់ប្រាក់នេះត្រូវបានបិទ",
      text: "ហាងបានបិទការបង់ប្រាក់នេះដោយគ្មានការបញ្ជាទិញ។ ប្រសិនបើអ្នកមានសំណួរ សូមទាក់ទងហាង ហើយប្រាប់លេខយោង។",
    },
    offline: {
      title: "មិនអាចភ្ជាប់ទៅហាងបាន",
      text: "កំពុងព្យាយាមភ្ជាប់ម្តងទៀត។ ប្រសិនបើអ្នកបានបង់ប្រាក់រួចហើយ សូមរក្សាទុកបង្កាន់ដៃ និងកុំបង់ម្តងទៀត។",
    },
    not_found: {
      title: "រកមិនឃើញការបង់ប្រាក់នេះទេ",
      text: "សូមត្រឡប់ទៅកន្ត្រកទំនិញ រួចជ្រើសរើស KHQR ម្តងទៀត។",
    },
    misconfigured: {
      title: "មិនអាចបង្ហាញ KHQR បានទេ",
      text: "សូមទាក់ទងហាង ឬជ្រើសរើសវិធីបង់ប្រាក់ផ្សេង។",
    },
  },
  notices: {
    checking: "កំពុងផ្ទៀងផ្ទាត់ជាមួយធនាគារ… សូមកុំបិទទំព័រនេះ។",
    not_seen_yet:
      "ធនាគារមិនទាន់ឃើញការបង់ប្រាក់នៅឡើយទេ។ ប្រសិនបើអ្នកបានបង់រួចហើយ សូមរក្សាទុកបង្កាន់ដៃ និងកុំបង់ម្តងទៀត។ យើងនឹងបន្តផ្ទៀងផ្ទាត់។",
    bank_silent:
      "យើងមិនអាចសួរធនាគារបាននៅពេលនេះទេ។ ប្រសិនបើអ្នកបានបង់ប្រាក់រួចហើយ សូមរក្សាទុកបង្កាន់ដៃ និងកុំបង់ម្តងទៀត។ យើងនឹងបញ្ជាក់ជូន នៅពេលធនាគារឆ្លើយតប។",
    offline:
      "មិនអាចភ្ជាប់ទៅហាងបាន។ ប្រសិនបើអ្នកបានបង់ប្រាក់រួចហើយ សូមរក្សាទុកបង្កាន់ដៃ និងកុំបង់ម្តងទៀត។ ទំព័រនេះនឹងធ្វើបច្ចុប្បន្នភាពដោយស្វ័យប្រវត្តិ នៅពេលភ្ជាប់បានវិញ។",
    already_paid: "QR នេះត្រូវបានបង់ប្រាក់រួចហើយ។ សូមកុំបង់ម្តងទៀត។",
    renew_failed: "មិនអាចបង្កើត QR ថ្មីបានទេនៅពេលនេះ។ សូមព្យាយាមម្តងទៀត។",
    switched_off:
      "ហាងនេះមិនទទួលការបង់ប្រាក់តាម KHQR នៅពេលនេះទេ។ ប្រសិនបើអ្នកមិនទាន់បានបង់ប្រាក់ សូមជ្រើសរើសវិធីបង់ប្រាក់ផ្សេង។",
  },
  card: "កូដ KHQR៖ បង់ប្រាក់ {amount} ទៅ {merchant}",
  staticCard:
    "កូដ KHQR៖ បង់ប្រាក់ទៅ {merchant} ហើយវាយចំនួន {amount} ក្នុងកម្មវិធីធនាគាររបស់អ្នក",
  typeAmount: "សូមវាយចំនួនទឹកប្រាក់នេះក្នុងកម្មវិធីធនាគាររបស់អ្នក",
  copyAmount: "ចម្លងចំនួនទឹកប្រាក់",
  copied: "បានចម្លង",
  receipt: {
    label: "លេខ Hash លើបង្កាន់ដៃរបស់អ្នក",
    hint: "មាន 8 ឬ 64 តួអក្សរ ឧទាហរណ៍ 1a2b3c4d។ កម្មវិធីធនាគាររបស់អ្នកបង្ហាញវាជាមួយប្រតិបត្តិការ។",
    send: "ពិនិត្យបង្កាន់ដៃ",
    checking: "កំពុងស្វែងរកប្រតិបត្តិការរបស់អ្នកនៅធនាគារ…",
    faults: {
      malformed: "លេខ Hash មាន 8 ឬ 64 តួអក្សរ៖ លេខ និងអក្សរ a ដល់ f។",
      receipt_not_found:
        "ធនាគារមិនមានប្រតិបត្តិការដែលមានលេខ Hash និងចំនួនទឹកប្រាក់នេះទេ។ សូមផ្ទៀងផ្ទាត់តួអក្សរនីមួយៗ។ ប្រសិនបើអ្នកទើបតែបង់ប្រាក់ សូមរង់ចាំមួយនាទី រួចព្យាយាមម្តងទៀត។ សូមកុំបង់ម្តងទៀត។",
      receipt_mismatch:
        "ប្រតិបត្តិការនេះមិនមែនសម្រាប់ការបង់ប្រាក់នេះទេ៖ ចំនួនទឹកប្រាក់ អ្នកទទួល ឬពេលវេលាខុសគ្នា។ សូមសួរហាង និងកុំបង់ម្តងទៀត។",
      receipt_used: "ប្រតិបត្តិការនេះបានបង់សម្រាប់ការបញ្ជាទិញផ្សេងរួចហើយ។",
      receipt_unknown:
        "ធនាគារមិនឆ្លើយតបទេ។ សូមរក្សាទុកបង្កាន់ដៃ កុំបង់ម្តងទៀត ហើយព្យាយាមម្តងទៀតក្នុងពេលបន្តិចទៀត។",
      receipt_unsupported:
        "ហាងនេះមិនអាចស្វែងរកបង្កាន់ដៃនៅទីនេះបានទេ។ សូមរក្សាទុកបង្កាន់ដៃ ហើយបង្ហាញវាដល់ហាង។ សូមកុំបង់ម្តងទៀត។",
      too_many_attempts:
        "អ្នកបានព្យាយាមច្រើនដងពេក។ សូមរក្សាទុកបង្កាន់ដៃ កុំបង់ម្តងទៀត ហើយព្យាយាមនៅពេលក្រោយ ឬបង្ហាញវាដល់ហាង។",
      failed:
        "មិនអាចពិនិត្យបង្កាន់ដៃបានទេនៅពេលនេះ។ សូមរក្សាទុកវា កុំបង់ម្តងទៀត ហើយព្យាយាមម្តងទៀត។",
    },
  },
  amount: "ចំនួនទឹកប្រាក់",
  reference: "លេខយោង",
  timeLeft: "រយៈពេលនៅសល់",
  oneMinuteLeft: "នៅសល់មួយនាទីទៀត ដើម្បីស្កេន។",
  iHavePaid: "ខ្ញុំបានបង់ប្រាក់រួចហើយ",
  newQr: "បង្កើត QR ថ្មី",
}

export const texts: Record<KhqrLocale, KhqrTexts> = { en, km }
