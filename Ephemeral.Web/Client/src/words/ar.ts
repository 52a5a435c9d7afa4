// Arabic.
import type { Words } from "../words";
import { formats, short as shortly } from "./format";

// A hash reads from left to right, whatever stands around it.
const short = (hash: string): string => `\u2066${shortly(hash)}\u2069`;

export function arabic(locale: string): Words {
  const { number, count, size, seconds, about } = formats(locale, ["كيبيبايت", "ميبيبايت", "جيبيبايت"], (time) => `نحو ${time}`);
  const filesOf = (n: number): string =>
    count(n, { zero: "لا ملفات", one: "ملف واحد", two: "ملفان", few: "# ملفات", many: "# ملفًا", other: "# ملف" });
  const holdersOf = (n: number): string =>
    count(n, { zero: "لا أحد", one: "حامل واحد", two: "حاملين", few: "# حاملين", many: "# حاملًا", other: "# حامل" });
  const peopleOf = (n: number): string =>
    count(n, { zero: "لا أحد", one: "شخص واحد", two: "شخصان", few: "# أشخاص", many: "# شخصًا", other: "# شخص" });
  return {
    size,

    home: {
      heading: "صفحة تعيش ما دام أحد ينظر إليها",
      lead:
        "ما تكتبه يبقى في هذا اللسان وفي ألسنة كل من يفتح رابطه؛ لا يحتفظ به أي خادم. وعند إغلاق آخر هذه الألسنة تختفي الصفحة.",
      label: "صفحتك",
      placeholder: "اكتب شيئًا أو ألصق HTML. يمكنك أيضًا إفلات الملفات والصور ولصقها هنا.",
      create: "إنشاء الصفحة",
      empty: "لا يوجد شيء هنا بعد. اكتب شيئًا أو أضف ملفًا أولًا.",
      tooLarge: (bytes, limit) => `الحجم ${size(bytes)}، وأقصى ما تتسع له الصفحة هنا ${size(limit)}. اختصرها ثم أعد المحاولة.`,
      kind: "مكتوبة بصيغة",
      kinds: { html: "HTML", markdown: "Markdown", text: "نص عادي" },
      addFiles: "إضافة ملفات",
      addFolder: "إضافة مجلد",
      dropHere: "أفلت هنا للإضافة إلى الصفحة",
      files: (n, bytes) => `${filesOf(n)}، ${size(bytes)}`,
      more: (n) => `و${count(n, { one: "ملف آخر", two: "ملفان آخران", few: "# ملفات أخرى", many: "# ملفًا آخر", other: "# ملف آخر" })}`,
      remove: "إزالة",
      removeNamed: (file) => `إزالة ${file}`,
      removeAll: "إزالة الكل",
      badName: (file) => `«${file}» اسم لا يمكن استخدامه في صفحة: طويل جدًا أو فيه أجزاء مثل «..». غيّر الاسم ثم أعد المحاولة.`,
      tooMany: (most) => `أكثر من ${number(most)} ملف كثير على صفحة واحدة. ضعها أولًا في أرشيف.`,
      unreadable: (file) => `تعذرت قراءة «${file}».`,
      site: "فتحها كموقع صغير",
      siteHint: (entry) => `يبدأ من ${entry}`,
      private: "خاصة",
      privateHint: "تُشفَّر هنا في متصفحك. لا يقرؤها إلا من لديه الرابط كاملًا؛ ويمكن للآخرين حملها دون قراءتها.",
      privateImpossible: "تحتاج الصفحات الخاصة إلى عنوان آمن (https).",
      passphrase: "عبارة مرور، إن أردت واحدة إضافة إلى الرابط",
      passphraseHint: "أوصلها بطريق غير طريق الرابط. لا أحد يستطيع استعادتها لك.",
      lineEnds: "تبقى نهايات الأسطر كما جاءت (CRLF).",
      pulse: (pages, people) =>
        `${count(pages, { zero: "لا صفحات حية", one: "صفحة حية واحدة", two: "صفحتان حيتان", few: "# صفحات حية", many: "# صفحة حية", other: "# صفحة حية" })}، يحملها ${peopleOf(people)}`,
      stillHolding: (n) => `${count(n, { one: "ما زال هذا اللسان يحفظ صفحة حية:", two: "ما زال هذا اللسان يحفظ صفحتين حيتين:", few: "ما زال هذا اللسان يحفظ # صفحات حية:", many: "ما زال هذا اللسان يحفظ # صفحة حية:", other: "ما زال هذا اللسان يحفظ # صفحة حية:" })}`,
      goTo: (page) => `فتح ${short(page)}`,
      letGo: "تركها",
    },

    make: {
      progress: (done, total) => `يجري إنشاء الصفحة: ${size(done)} من ${size(total)}`,
      stop: "إيقاف",
      stopped: "أُوقف. لم يُنشأ شيء.",
      tooMuch: "هذا كثير على صفحة واحدة هنا. أخرج بعضه ثم أعد المحاولة.",
      changed: (file) => `تغيّر «${file}» أو لم تعد قراءته ممكنة منذ اخترته. اختره من جديد.`,
      failed: "تعذر إنشاء الصفحة. لم يُشارَك شيء؛ أعد المحاولة.",
    },

    page: {
      newPage: "صفحة جديدة",
      copy: "نسخ الرابط",
      copied: "نُسخ الرابط",
      copiedSaid: "الرابط في الحافظة.",
      copyByHand: "انسخ هذا الرابط:",
      copyWithoutKey: "نسخ بلا المفتاح",
      copiedWithoutKeySaid: "الرابط بلا مفتاحه في الحافظة. يمكن به حمل الصفحة، لا قراءتها.",
      given: (bytes, rate) => `أعطيت الآخرين ${size(bytes)}${rate > 0 ? `، والآن ${size(rate)}/ث` : ""}.`,
      save: "حفظ نسخة",
      raw: "الحصول على البايتات الخام",
      viewing: (n) => `هنا الآن: ${n === undefined ? "–" : number(n)}`,
      lights: (n) => `+${number(n)}`,
    },

    held: {
      settling: "وصلتك. يجري إخبار الآخرين…",
      alone: "أنت وحدك هنا. إذا أغلقت هذا اللسان اختفت الصفحة.",
      with: (others) =>
        `أنت و${count(others, { one: "شخص آخر تحفظان", two: "شخصان آخران تحفظون", few: "# أشخاص آخرين تحفظون", many: "# شخصًا آخر تحفظون", other: "# شخص آخر تحفظون" })} هذه الصفحة حية.`,
      lost: "انقطع الاتصال. ما زالت الصفحة لديك، وستُعرض من جديد حالما يعود الاتصال.",
      turnedAway: "يمكنك قراءتها هنا، لكن هذا الموقع لا يعدّك الآن بين حامليها.",
      closing: "أنت وحدك من لديه هذه الصفحة. إذا غادرت اختفت.",
    },

    waiting: {
      connecting: { heading: "جارٍ الاتصال", text: "يجري البحث عن الطريق إلى الآخرين. لا يستغرق ذلك عادة أكثر من ثانية." },
      asking: { heading: "طلب الصفحة", text: "هي عند أحدهم، وتأتي من لسانه مباشرة، فقد يستغرق الأمر لحظة." },
      asked: { heading: "طلب الصفحة", text: "يجري البحث عمّن لديه الصفحة." },
      gathering: (gotBytes, totalBytes, holders) => ({
        heading: "استلام الصفحة",
        text: `وصل ${size(gotBytes)} من ${size(totalBytes)}${holders ? `، من ${holdersOf(holders)}` : ""}. يُفحص كل جزء عند وصوله.`,
      }),
      rate: (rate, secondsLeft) => `${size(rate)}/ث${secondsLeft === undefined ? "" : `، بقي ${about(secondsLeft)}`}`,
      offered: (bytes, holders) => ({
        heading: `تحميل ${size(bytes)}؟`,
        text: `تأتي من ${holders ? holdersOf(holders) : "حامليها"}، وتبقى في هذا اللسان ما دام مفتوحًا.`,
      }),
      offeredPart: (gotBytes, bytes) => ({
        heading: `تحميل الباقي، وهو ${size(bytes - gotBytes)}؟`,
        text: `وصل ${size(gotBytes)} من ${size(bytes)}.`,
      }),
      load: "تحميل",
      pause: "إيقاف",
      nobody: {
        heading: "لا أحد يحمل هذه الصفحة الآن",
        text: "لا تعيش الصفحة إلا في ألسنة من ينظرون إليها، وليس ثمة أحد في هذه اللحظة. أبقِ هذا اللسان مفتوحًا وستظهر من تلقاء نفسها حين يعود أحدهم بها.",
      },
      nobodyPart: {
        heading: "لا أحد يحمل هذه الصفحة الآن",
        text: "لديك جزء منها. أبقِ هذا اللسان مفتوحًا ويأتي الباقي من تلقاء نفسه حين يعود أحدهم بها.",
      },
      others: (n) => `ينتظرها أيضًا ${peopleOf(n)}.`,
      lost: { heading: "انقطع الاتصال", text: "تُعاد المحاولة تلقائيًا، ثم يُستأنف طلب الصفحة." },
      refused: { heading: "يطلب الموقع مهلة", text: "رُفض شيء أرسله هذا اللسان، فهو ينتظر قليلًا قبل أن يعيد المحاولة." },
      impossible: {
        heading: "تعذر الاتصال",
        text: "تأتي هذه الصفحة عبر اتصال دائم (WebSocket) ولم يمكن إنشاؤه. قد يكون الموقع متوقفًا، أو يحجب شيء في الطريق مثل هذه الاتصالات. تُعاد المحاولة تلقائيًا.",
      },
      broken: {
        heading: "لا يستطيع هذا المتصفح تشغيل القارئ",
        text: "لم يبدأ الجزء الذي يجلب الصفحات ويحملها. الإصدارات الحالية من Firefox أو Chrome أو Edge أو Safari قادرة على ذلك.",
      },
      wrong: {
        heading: "لم تكن هذه هي الصفحة",
        text: "ما جاء بهذا العنوان محتواه غير ما يقوله العنوان، فأُهمل. لا خطر عليك. اطلبها مرة أخرى، فقد تكون الصحيحة عند غيره.",
      },
      blocked: {
        heading: "هذه الصفحة محجوبة هنا",
        text: "حجبها مشغّل هذا الموقع. لا تُمرَّر هنا، وقد تركها هذا اللسان.",
      },
      turnedAway: { heading: "يطلب هذا اللسان أكثر مما يُسمح به", text: "يطلب بالفعل عدد الصفحات الذي يسمح به الموقع. أغلق بعضها ثم أعد المحاولة." },
      unusable: (why) => ({
        heading: "لا يستطيع هذا القارئ عرض الصفحة",
        text: `وصلت الصفحة كاملة دون تغيير، لكن ${why}. يمكنك مع ذلك الحصول على بايتاتها.`,
      }),
      retryIn: (seconds) =>
        seconds <= 1 ? "تُعاد المحاولة الآن…" : `المحاولة التالية بعد ${count(seconds, { two: "ثانيتين", few: "# ثوانٍ", many: "# ثانية", other: "# ثانية" })}.`,
      tryNow: "المحاولة الآن",
      askAgain: "الطلب مرة أخرى",
      goHome: "اكتب صفحة لك",
    },

    about: {
      kinds: { html: "صفحة ويب", markdown: "نص بصيغة Markdown", text: "نص عادي", files: "ملفات", sealed: "صفحة خاصة", site: "موقع صغير" },
      other: (kind) => `صفحة من نوع «${kind}»`,
      withFiles: (n) => `مع ${count(n, { one: "ملف واحد", two: "ملفين", few: "# ملفات", many: "# ملفًا", other: "# ملف" })}`,
      more: (n) => `و${number(n)} أخرى`,
      bytesOf: (got, of) => (got >= of ? `${size(of)} ✓` : got === 0 ? size(of) : `${size(got)} من ${size(of)}`),
    },

    lock: {
      noKey: {
        heading: "هذه الصفحة خاصة",
        text: "هي مشفرة، وهذا الرابط بلا مفتاح. يمكنك أن تساعد في إبقائها حية دون قراءتها. لقراءتها اطلب الرابط كاملًا أو أدخل مفتاحها.",
      },
      wrongKey: { heading: "هذا المفتاح لا يناسبها", text: "ربما قُطع الرابط، أو كان مفتاحه لصفحة أخرى. يمكنك مع ذلك إبقاء الصفحة حية." },
      passphrase: { heading: "تحتاج هذه الصفحة إلى عبارة مرورها", text: "في الرابط مفتاح، وللصفحة فوق ذلك عبارة مرور. اسأل من أعطاك الرابط." },
      wrongPassphrase: { heading: "لم تُفتح بهذا", text: "عبارة المرور غير هذه، أو المفتاح في الرابط لصفحة أخرى. كل حرف مهم، كبيرًا كان أو صغيرًا." },
      opening: { heading: "جارٍ الفتح", text: "يستغرق ذلك لحظة، كي لا يجرّب أحد عبارات كثيرة." },
      noCrypto: { heading: "هذه الصفحة خاصة", text: "لا تفك المتصفحات التشفير إلا على عنوان آمن (https)، وهذا ليس كذلك. يمكنك إبقاء الصفحة حية دون قراءتها." },
      key: "المفتاح: ما يأتي بعد # في الرابط",
      passphraseLabel: "عبارة المرور",
      open: "فتح",
      keyNeeded: "طول المفتاح 43 حرفًا ورقمًا. ويصلح الرابط كاملًا أيضًا.",
    },

    bring: {
      heading: "هل لديك محتواها؟",
      text: "المحتوى نفسه تمامًا يعطي الصفحة نفسها تمامًا. ألصقه هنا أو أفلت ملفه فيحيا هذا العنوان من جديد.",
      label: "محتوى الصفحة",
      button: "إعادتها",
      choose: "اختيار ملف",
      empty: "ألصق المحتوى أولًا أو اختر ملفه.",
      other: (hash) => `ليس هو نفسه: سيكون الصفحة ${short(hash)}. كل حرف وفراغ ونهاية سطر له وزنه.`,
      checking: "جارٍ التحقق…",
    },

    frame: {
      title: "محتوى الصفحة (غير موثوق)",
      safe: "صفحة شخص غريب. البرامج النصية معطلة.",
      safeOwn: "صفحتك كما يراها الآخرون. البرامج النصية معطلة.",
      run: "تشغيل البرامج النصية",
      risk:
        "تعمل برامجها النصية في صندوق مغلق، بعيدًا عن هذا الموقع وعن ملفاتك وعن الشبكة. غير أن في متصفحات اليوم ثغرة: قد يبلّغ برنامج نصي صاحبه بأن أحدًا يقرأ هذا، ومن أي عنوان إنترنت، وبما تفعله في الصفحة.",
      confirm: "تشغيلها",
      cancel: "إبقاؤها معطلة",
      running: "صفحة شخص غريب. البرامج النصية تعمل.",
      runningOwn: "صفحتك. البرامج النصية تعمل.",
      stop: "تعطيل البرامج النصية",
      blocked: (n) => `لم يُحمَّل من خارجها: ${count(n, { one: "شيء واحد", two: "شيئان", few: "# أشياء", many: "# شيئًا", other: "# شيء" })}.`,
      wantsOpen: "تريد هذه الصفحة فتح",
      open: "فتح",
      copy: "نسخ",
      dismiss: "تجاهل",
      nowhere: "هذا الرابط لا يقود إلى مكان: ليس للصفحة هنا جيران.",
      off: "لا يُعرض شيء من الصفحة.",
      silent: "الصفحة لا تستجيب. ما زلت تحملها.",
      stopIt: "إيقافها",
      stopped: "أُوقفت. ما زلت تحمل الصفحة.",
      left: "حاولت الصفحة مغادرة إطارها.",
      again: "عرضها مرة أخرى",
    },

    files: {
      heading: filesOf,
      save: "حفظ",
      saveNamed: (file) => `حفظ ${file}`,
    },

    kinds: {
      other: (kind) => `هذه الصفحة من نوع «${kind}» الذي لا يستطيع هذا القارئ عرضه بعد. هي محمولة مع ذلك، ويمكنك الحصول على بايتاتها.`,
    },

    said: {
      viewing: (n) => `هنا الآن ${peopleOf(n)}.`,
      connecting: "يجري الاتصال.",
      asking: "طُلبت الصفحة.",
      nobody: "لا حامل لها الآن. في انتظار أحد.",
      gathering: "تصل الصفحة جزءًا بعد جزء.",
      offered: "هي كبيرة. قل هل تُحمَّل.",
      lost: "انقطع الاتصال. تجري استعادته.",
      refused: "يطلب الموقع مهلة.",
      impossible: "لا سبيل إلى الاتصال حتى الآن.",
      broken: "تعذر بدء القارئ.",
      wrong: "جاء شيء آخر فأُهمل.",
      blocked: "حجبها المشغّل.",
      "turned-away": "صفحات مطلوبة أكثر من اللازم.",
      unusable: "وصلت الصفحة ولا يمكن عرضها.",
      settling: "الصفحة هنا.",
      alone: "أنت وحدك هنا الآن.",
      held: "آخرون هنا أيضًا.",
      "held-lost": "انقطع الاتصال. الصفحة ما زالت معك.",
      "held-turned-away": "الصفحة هنا لكنها لا تُعد.",
    },

    title: {
      home: "Ephemeral",
      held: (holders, of) => `${holders === undefined ? "" : `${number(holders)} هنا · `}${of}`,
      nobody: (of) => `لا أحد هنا · ${of}`,
      lost: (of) => `إعادة الاتصال · ${of}`,
      waiting: (of) => `انتظار · ${of}`,
      stuck: (of) => `غير معروضة · ${of}`,
    },

    log: {
      welcomed: "تم الاتصال. رحبت العقدة.",
      goodbye: "هذه العقدة ذاهبة. الانتقال إلى أخرى.",
      link: (state, retryInMs) => (state === "connecting" ? "جارٍ الاتصال…" : `لا اتصال (${state}).${retryInMs ? ` المحاولة التالية بعد ${seconds(retryInMs)}.` : ""}`),
      created: (hash, bytes) => `صُنعت ${short(hash)} من ${size(bytes)}.`,
      wanting: (hash) => `طلب ${short(hash)}.`,
      received: (hash, bytes) => `${short(hash)} هنا: ${size(bytes)}، فُحصت SHA-256.`,
      holding: (hash) => `جاهز لإعطاء ${short(hash)} لمن يطلبها.`,
      whole: (hash, bytes, parts) => `${short(hash)} هنا كاملة: ${size(bytes)}، عدد الأجزاء ${number(parts)}، فُحصت SHA-256 لكل منها.`,
      gave: (hash, bytes) => `أُعطيت ${short(hash)} (${size(bytes)}).`,
      missed: (hash, blob) => `طُلب ${short(blob)} من ${short(hash)} وليس هنا.`,
      released: (hash) => `تُركت ${short(hash)}.`,
      broughtBack: (hash) => `أُعيدت ${short(hash)}.`,
      restored: (hash) => `بقيت ${short(hash)} بعد إعادة التحميل.`,
      noFile: "تعذر تجميع ملف من الصفحة.",
      notKept: "لا يستطيع هذا المتصفح حفظ الصفحات عند إعادة التحميل هنا: إعادة التحميل تتركها.",
      wrong: (hash) => `ما جاء جزءًا من ${short(hash)} له SHA-256 غير صحيحة. أُهمل.`,
      unusable: (hash, why) => `لا يمكن استخدام ${short(hash)}: ${why}.`,
      sizes: "أحجام ملفاتها ليست كما تذكر",
      status: (s) => `${short(s.page)}: يحملها ${number(s.holders)}، ينتظرها ${number(s.waiters)}؛ أنت: ${s.you}.`,
      error: (code, message) => `تقول العقدة ${code}: ${message}`,
    },

    show: {
      content: "محتوى الصفحة",
      loading: "لحظة…",
      failed: "لا يمكن عرض هذا هنا. ما زلت تحمله ويمكنك حفظه.",
      nowhere: "هذا الرابط لا يقود إلى مكان: ليس في الصفحة مثل هذا الملف.",
      markdown: "نص شخص غريب بصيغة Markdown.",
      markdownOwn: "نصك بصيغة Markdown كما يراه الآخرون.",
      pdf: "ملف PDF لشخص غريب.",
      pdfOwn: "ملف PDF لك كما يراه الآخرون.",
      site: "مكانك في هذا الموقع",
      start: "الصفحة الأولى",
      back: "رجوع",
      files: (n, bytes) => `${filesOf(n)}، ${size(bytes)}`,
      noFiles: "لا ملفات",
      look: "عرض",
      lookAt: (file) => `عرض ${file}`,
      close: "إغلاق",
      closeNamed: (file) => `إغلاق ${file}`,
      saving: "جارٍ الحفظ…",
      notSaved: (file) => `تعذر حفظ ${file}.`,
      notHad: "لا يمكن الحصول على هذا الملف الآن. الصفحة ما زالت محمولة.",
      notDecoded: "لا يستطيع هذا المتصفح عرض هذا الملف. يمكنك حفظه.",
      notText: "ليس هذا نصًا بترميز UTF-8. يمكنك حفظه.",
      large: (bytes) => `حجمه ${size(bytes)}.`,
      lookAnyway: "عرضه مع ذلك",
      part: (shown, all) => `يُعرض أول ${size(shown)} من ${size(all)}.`,
      all: "عرض الكل",
      saveAll: "حفظ الكل",
      packing: (done, all) => `يجري حزم ${size(done)} من ${size(all)}…`,
      stopPacking: "إيقاف",
      packed: "جميع الملفات في ملف zip واحد.",
      notPacked: "تعذر حزمها.",
      folder: (n, bytes) => `${filesOf(n)}، ${size(bytes)}`,
      more: (n) => `عرض ${number(n)} أخرى`,
      pictures: "صور",
      previous: "الصورة السابقة",
      next: "الصورة التالية",
      pictureOf: (n, all) => `${number(n)} / ${number(all)}`,
      picture: (n, all, file) => `الصورة ${number(n)} من ${number(all)}: ${file}`,
      unknownType: "نوع غير معروف",
      types: { image: "صورة", audio: "صوت", video: "فيديو", pdf: "PDF", text: "نص" },
    },

    pdf: {
      loading: "لحظة…",
      password: "يطلب ملف PDF هذا كلمة مرور. احفظه وافتحه ببرنامج لديك.",
      unreadable: "تعذرت قراءة ملف PDF هذا. يمكنك مع ذلك حفظه.",
      noPage: "تعذر رسم هذه الصفحة.",
      page: "الصفحة {n} من {all}",
    },

    shell: {
      language: "اللغة",
      activity: "السجل",
    },

    unusable: {
      sealed: "ما خُتم فيها لا يمكن قراءته",
      breaksOff: "تنقطع داخل ترويستها",
      longHeader: "ترويستها أطول من الصفحة",
      header: "ترويستها لا يمكن قراءتها",
      version: (version) => `كُتبت بالإصدار ${version}، وهذا القارئ يعرف الإصدار 1`,
      noKind: "لا تذكر نوعها",
      blobSize: "حجم كتلها لا يمكن استخدامه",
      noFiles: "يُفترض أنها ملفات ولا تذكر أيًا منها",
      seal: "ختمها لا يمكن قراءته",
      sealUnknown: "خُتمت بطريقة لا يعرفها هذا القارئ",
      passphrase: "تُستخدم عبارة مرورها بطريقة لا يعرفها هذا القارئ",
      list: "قائمة ملفاتها لا يمكن قراءتها",
      name: (file) => `فيها ملف اسمه لا يمكن استخدامه (${file})`,
      twice: (file) => `فيها ملفان باسم ${file}`,
      file: (file) => `الملف ${file} لا يمكن قراءته`,
      fileSum: (file) => `حساب الملف ${file} لا يستقيم`,
      sum: "حساب ملفاتها لا يستقيم",
      twoSizes: "يلزم أن يكون لجزء منها حجمان",
    },

    lost: {
      title: "ليس عنوان صفحة · Ephemeral",
      heading: "هذا ليس عنوان صفحة",
      text: "ينتهي عنوان الصفحة ببصمتها: 64 محرفًا، كل منها رقم أو حرف من a إلى f. وهذا شيء آخر. ربما ضاع جزء منه عند النسخ.",
      home: "اكتب صفحة لك",
    },
  };
}
