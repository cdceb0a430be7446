# ruff: noqa: RUF001 - letters that look like Latin ones are what is tested
"""The language of an article. The sentences are our own."""

import re

import pytest
from hypothesis import given, settings, strategies as st

from worker.steps.language import detect
from worker.steps.language.ngrams import scores

SENTENCES = {
    "af": "Die regering het gister gesê dat die nuwe pad nie voor die einde van die jaar klaar sal wees nie.",
    "am": "የኢትዮጵያ መንግሥት ዛሬ አዲስ የሰላም ስምምነት መፈረሙን አስታወቀ እና ውይይቱ ቀጥሏል።",
    "ar": "أعلنت الحكومة اليوم أنها ستبدأ محادثات جديدة مع النقابات حول الأجور.",
    "az": "Hökumət bu gün bildirib ki, yeni məktəblərin tikintisi gələn il başa çatacaq.",
    "be": "Урад паведаміў, што новы мост праз раку будзе адкрыты ў наступным месяцы.",
    "bg": "Правителството съобщи, че новият мост над реката ще бъде открит следващия месец.",
    "bn": "সরকার আজ জানিয়েছে যে নদীর ওপর নতুন সেতুটি আগামী মাসে খুলে দেওয়া হবে।",
    "ca": "El govern ha anunciat avui que el nou pont sobre el riu s'obrirà el mes que ve.",
    "cs": "Vláda dnes oznámila, že nový most přes řeku bude otevřen příští měsíc.",
    "cy": "Dywedodd y llywodraeth heddiw y bydd y bont newydd dros yr afon yn agor fis nesaf.",
    "da": "Regeringen meddelte i dag, at den nye bro over floden åbner i næste måned efter flere års byggeri.",
    "de": "Die Regierung teilte am Dienstag mit, dass die neue Brücke im nächsten Monat eröffnet wird.",
    "el": "Η κυβέρνηση ανακοίνωσε σήμερα ότι η νέα γέφυρα θα ανοίξει τον επόμενο μήνα.",
    "en": "The government said on Tuesday that the new bridge over the river will open next month.",
    "eo": "La registaro anoncis hodiaŭ, ke la nova ponto super la rivero malfermiĝos en la venonta monato.",
    "es": "El gobierno anunció el martes que el nuevo puente sobre el río se abrirá el próximo mes.",
    "et": "Valitsus teatas täna, et uus sild üle jõe avatakse järgmisel kuul.",
    "eu": "Gobernuak gaur jakinarazi du ibaiaren gaineko zubi berria datorren hilean irekiko dutela.",
    "fa": "دولت امروز اعلام کرد که پل جدید روی رودخانه ماه آینده افتتاح می‌شود.",
    "fi": "Hallitus ilmoitti tänään, että joen ylittävä uusi silta avataan ensi kuussa.",
    "fr": "Le gouvernement a annoncé mardi que le nouveau pont sur le fleuve ouvrira le mois prochain.",
    "ga": "Dúirt an rialtas inniu go n-osclófar an droichead nua thar an abhainn an mhí seo chugainn.",
    "gl": "O goberno galego anunciou onte que a nova ponte abrirá o vindeiro mes, dixo unha voceira da Xunta.",
    "gu": "સરકારે આજે જણાવ્યું કે નદી પરનો નવો પુલ આવતા મહિને ખુલ્લો મૂકવામાં આવશે.",
    "he": "הממשלה הודיעה היום כי הגשר החדש מעל הנהר ייפתח בחודש הבא.",
    "hi": "सरकार ने आज कहा कि नदी पर बना नया पुल अगले महीने खोला जाएगा।",
    "hr": "Vlada je u utorak priopćila da će novi most preko rijeke biti otvoren u siječnju iduće godine.",
    "hu": "A kormány kedden közölte, hogy a folyón átívelő új hidat jövő hónapban nyitják meg.",
    "hy": "Կառավարությունն այսօր հայտնեց, որ նոր կամուրջը կբացվի հաջորդ ամիս։",
    "id": "Pemerintah mengatakan pada hari Selasa bahwa jembatan baru itu akan dibuka bulan depan karena sudah siap.",
    "is": "Ríkisstjórnin tilkynnti í dag að nýja brúin yfir ána verði opnuð í næsta mánuði.",
    "it": "Il governo ha annunciato martedì che il nuovo ponte sul fiume aprirà il mese prossimo.",
    "ja": "政府は火曜日、新しい橋が来月開通すると発表した。",
    "ka": "მთავრობამ დღეს განაცხადა, რომ ახალი ხიდი მომავალ თვეში გაიხსნება.",
    "kk": "Үкімет бүгін өзен үстіндегі жаңа көпір келесі айда ашылатынын хабарлады.",
    "km": "រដ្ឋាភិបាលបានប្រកាសថាស្ពានថ្មីនឹងបើកនៅខែក្រោយ។",
    "ko": "정부는 화요일 새 다리가 다음 달에 개통된다고 밝혔다.",
    "ky": "Өкмөт бүгүн жаңы көпүрө кийинки айда ачылаарын билдирди жана түштүккө жол салынат.",
    "lb": "D'Regierung huet e Dënschdeg matgedeelt, datt déi nei Bréck vun der Stad am nächste Mount opgeet.",
    "lt": "Vyriausybė šiandien pranešė, kad naujas tiltas per upę bus atidarytas kitą mėnesį.",
    "lv": "Valdība šodien paziņoja, ka jaunais tilts pār upi tiks atklāts nākamajā mēnesī.",
    "mk": "Владата денеска соопшти дека новиот мост преку реката ќе биде отворен следниот месец.",
    "mn": "Засгийн газар өнөөдөр голын дээгүүрх шинэ гүүр ирэх сард нээгдэнэ гэж мэдэгдлээ.",
    "mr": "सरकारने आज सांगितले की नदीवरील नवीन पूल पुढील महिन्यात खुला करण्यात येणार आहे.",
    "ms": "Kerajaan berkata pada Selasa bahawa jambatan baharu itu akan dibuka bulan depan kerana sudah siap.",
    "mt": "Il-gvern ħabbar illum li l-pont il-ġdid fuq ix-xmara se jinfetaħ ix-xahar id-dieħel.",
    "nb": "Regjeringen opplyste tirsdag at den nye broen ikke åpner før neste år, og at arbeidet fortsetter.",
    "ne": "सरकारले आज नदीमाथिको नयाँ पुल अर्को महिना खोलिने बताएको छ।",
    "nl": "De regering heeft dinsdag bekendgemaakt dat de nieuwe brug over de rivier volgende maand opengaat.",
    "nn": "Regjeringa opplyste tysdag at den nye brua ikkje opnar før neste år, og at arbeidet held fram.",
    "pa": "ਸਰਕਾਰ ਨੇ ਅੱਜ ਕਿਹਾ ਕਿ ਦਰਿਆ ਉੱਤੇ ਨਵਾਂ ਪੁਲ ਅਗਲੇ ਮਹੀਨੇ ਖੋਲ੍ਹਿਆ ਜਾਵੇਗਾ।",
    "pl": "Rząd poinformował we wtorek, że nowy most na rzece zostanie otwarty w przyszłym miesiącu.",
    "ps": "حکومت نن وویل چې د سیند پر سر نوی پله به په راتلونکې میاشت کې پرانیستل شي.",
    "pt": "O governo anunciou na terça-feira que a nova ponte sobre o rio vai abrir no próximo mês.",
    "ro": "Guvernul a anunțat marți că noul pod peste râu va fi deschis luna viitoare.",
    "ru": "Правительство сообщило во вторник, что новый мост через реку откроют в следующем месяце.",
    "si": "ගඟ හරහා ඉදි කළ නව පාලම ලබන මාසයේ විවෘත කරන බව රජය අද පැවසීය.",
    "sk": "Vláda dnes oznámila, že nový most cez rieku bude otvorený budúci mesiac.",
    "sl": "Vlada je danes sporočila, da bodo novi most čez reko odprli prihodnji mesec.",
    "so": "Dowladda ayaa maanta sheegtay in buundada cusub ee wabiga la furi doono bisha soo socota.",
    "sq": "Qeveria njoftoi të martën se ura e re mbi lumë do të hapet muajin e ardhshëm.",
    "sr": "Влада је данас саопштила да ће нови мост преко реке бити отворен следећег месеца.",
    "sr-Latn": "Vlada je danas saopštila da će novi most preko reke biti otvoren sledećeg meseca, posle dve godine.",
    "sv": "Regeringen meddelade på tisdagen att den nya bron över floden öppnar nästa månad.",
    "sw": "Serikali ilisema Jumanne kwamba daraja jipya litafunguliwa mwezi ujao baada ya miaka miwili ya ujenzi.",
    "ta": "ஆற்றின் மீது கட்டப்பட்ட புதிய பாலம் அடுத்த மாதம் திறக்கப்படும் என்று அரசு இன்று தெரிவித்தது.",
    "te": "నదిపై నిర్మించిన కొత్త వంతెన వచ్చే నెలలో ప్రారంభమవుతుందని ప్రభుత్వం తెలిపింది.",
    "tg": "Ҳукумат имрӯз хабар дод, ки пули нав дар болои дарё моҳи оянда ифтитоҳ мешавад ва роҳ ҷорӣ мегардад.",
    "th": "รัฐบาลแถลงเมื่อวันอังคารว่าสะพานใหม่ข้ามแม่น้ำจะเปิดในเดือนหน้า",
    "tl": "Sinabi ng pamahalaan noong Martes na bubuksan sa susunod na buwan ang bagong tulay sa ibabaw ng ilog.",
    "tr": "Hükümet salı günü yaptığı açıklamada nehrin üzerindeki yeni köprünün gelecek ay açılacağını bildirdi.",
    "uk": "Уряд повідомив у вівторок, що новий міст через річку відкриють наступного місяця.",
    "ur": "حکومت نے منگل کو بتایا کہ دریا پر نیا پل اگلے مہینے کھول دیا جائے گا۔",
    "vi": "Chính phủ cho biết hôm thứ Ba rằng cây cầu mới bắc qua sông sẽ được khánh thành vào tháng tới.",
    "xh": "Urhulumente uthe ngoLwesibini ibhulorho entsha iza kuvulwa kwinyanga ezayo.",
    "zh": "政府周二宣布，横跨河流的新桥将于下个月通车。",
    "zu": "Uhulumeni uthe ngoLwesibili ibhuloho elisha lizovulwa ngenyanga ezayo.",
}
WELL_FORMED = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?")


@pytest.mark.parametrize(("language", "sentence"), SENTENCES.items(), ids=SENTENCES)
def test_a_sentence_tells_its_language(language, sentence):
    assert detect(sentence) == language


@pytest.mark.parametrize(("language", "sentence"), SENTENCES.items(), ids=SENTENCES)
def test_a_template_s_en_us_does_not_outweigh_a_sentence_in_another_language(language, sentence):
    assert detect(sentence, declared="en-US") == ("en-US" if language == "en" else language)


@pytest.mark.parametrize(
    "text",
    [
        "The frosty air over the plain may sink to minus-40 degrees Fahrenheit.",
        "A year ago petrol averaged roughly $2.11 per gallon.",
        "I count 12 in six boxes",
        "I'll leave everyday 6am",
    ],
)
def test_a_short_english_sentence_is_no_look_alike(text):
    assert detect(text) == "en"


@pytest.mark.parametrize(
    ("declared", "language"),
    [
        ("pt-BR", "pt"),
        ("zh-Hant", "zh"),
        ("zh-Hans-CN", "zh"),
        ("sr-Latn", "sr-Latn"),
        ("sr", "sr-Latn"),
        ("EN-gb", "en"),
        ("no", "nb"),
        ("no", "nn"),
        ("iw", "he"),
        ("fil", "tl"),
        ("sh", "hr"),
        ("gl-ES", "gl"),
    ],
)
def test_a_declared_tag_is_kept_as_given_when_the_text_agrees(declared, language):
    assert detect(SENTENCES[language], declared=declared) == declared


@pytest.mark.parametrize(
    ("declared", "text"),
    [
        ("bs", "Posebno su važne slike brodova i mostova iz prošlog stoljeća."),
        ("hr", "Posebno su važne slike brodova i mostova iz prošlog stoljeća."),
        ("ms", "Dia datang ke rumah saya dan makan nasi bersama ibu."),
        ("id", "Dia datang ke rumah saya dan makan nasi bersama ibu."),
    ],
)
def test_between_siblings_the_declaration_decides_what_the_text_leaves_open(declared, text):
    assert detect(text, declared=declared) == declared


@pytest.mark.parametrize("declared", ["de", "ru", "ja", "oc", "en-us"])
def test_a_short_latin_text_is_what_is_declared(declared):
    assert detect("OPEC: Brent crude", declared=declared) == declared


def test_short_text_in_letters_that_the_declared_language_does_not_use_is_not_what_is_declared():
    assert detect("속보: 지진", declared="en-us") == "ko"
    assert detect("Ελλάδα", declared="en-us") == "el"


def test_a_declared_language_that_no_table_holds_is_kept_unless_the_text_is_clearly_another():
    occitan = "Lo govèrn a anonciat uèi que lo pont novèl serà dobèrt lo mes que ven dins la vila."
    assert detect(occitan, declared="oc") == "oc"
    assert detect(SENTENCES["en"], declared="oc") == "en"
    assert detect(SENTENCES["ru"], declared="oc") == "ru"


@pytest.mark.parametrize("text", ["", " \n\t", "🚀🔥👍🏽", "2024-05-01 12:30", "+++ 3,5 % +++", "—", "A", "OK", "́"])
def test_a_text_without_words_names_no_language(text):
    assert detect(text) is None
    assert detect(text, declared="fr-CA") == "fr-CA"


def test_a_name_alone_names_no_language():
    assert detect("Nokia") is None
    assert detect("Elon Musk") is None


def test_a_quotation_does_not_change_the_language_of_the_article():
    article = (
        "The mayor told reporters on Monday that the city would not close the bridge. «Мы не закроем мост», he said in "
        "Russian, and then repeated it for the cameras. Residents had feared a long detour through the suburbs."
    )
    assert detect(article) == "en"
    assert detect(article, declared="en-GB") == "en-GB"
    assert (
        detect("Мэр заявил журналистам, что мост не закроют. «The bridge stays open», добавил он. Жители довольны.")
        == "ru"
    )


def test_names_in_latin_letters_do_not_change_the_language_of_an_east_asian_text():
    assert detect("アップルはiPhone 15 Pro Maxを発表した。") == "ja"
    assert detect("苹果公司发布了iPhone 15 Pro，售价为999美元。") == "zh"
    assert detect("삼성전자는 Galaxy S24 Ultra를 공개했다.") == "ko"


def test_capitals_and_decomposed_letters_are_read_like_others():
    assert detect("DIE REGIERUNG TEILTE AM DIENSTAG MIT, DASS DIE NEUE BRÜCKE ERÖFFNET WIRD.") == "de"
    assert (
        detect("Der Pra\u0308sident mo\u0308chte fu\u0308r die Bru\u0308cke ku\u0308nftig mehr Geld ausgeben.") == "de"
    )


def test_letters_that_form_no_words_name_no_language():
    assert detect("xqzvkjw" * 20) is None
    assert detect("xqzvkjw" * 20, declared="it") == "it"


def test_a_declared_language_that_only_some_words_give_away_is_kept_where_they_are_missing():
    galician = "Introduza o seu nome de usuario e o contrasinal para ver os datos da conta."
    assert detect(galician, declared="gl") == "gl"
    assert detect(SENTENCES["fr"], declared="gl") == "fr"


def test_a_place_s_name_in_its_own_language_does_not_make_the_text_that_language():
    assert detect("La Xunta de Galicia anunció ayer la apertura del puente sobre el río.") == "es"


def test_a_headline_in_han_characters_alone_is_japanese_where_that_is_declared():
    assert detect("東京株式市場続落", declared="ja") == "ja"
    assert detect("東京株式市場続落", declared="en-US") == "zh"
    assert detect(SENTENCES["zh"] * 2, declared="ja") == "zh"


def test_devanagari_languages_that_are_not_told_from_hindi_are_what_is_declared():
    assert detect(SENTENCES["hi"], declared="mai") == "mai"
    assert detect(SENTENCES["en"], declared="mai") == "en"


def test_a_creole_is_not_taken_for_the_language_of_its_words():
    pidgin = "Goment don tok say dem go open di new bridge next month, and plenti pipol dey happy."
    assert detect(pidgin, declared="pcm") == "pcm"


def test_a_long_text_in_one_language_stays_in_it():
    assert detect(SENTENCES["da"] * 500) == "da"
    assert detect("x" * 100_000 + SENTENCES["da"], declared="da") == "da"


@settings(deadline=None)  # the first call reads the tables
@given(st.text(max_size=400), st.sampled_from([None, "en-US", "de", "zh-Hant", "oc"]))
def test_any_text_gives_a_well_formed_tag_and_the_same_one_again(text, declared):
    tag = detect(text, declared=declared)
    assert tag == detect(text, declared=declared)
    assert tag == declared or (tag is not None and WELL_FORMED.fullmatch(tag))


@settings(deadline=None)  # the first call reads the tables
@given(
    st.lists(st.sampled_from([word for text in SENTENCES.values() for word in text.split()]), max_size=60).map(" ".join)
)
def test_any_mixture_of_languages_gives_a_well_formed_tag(text):
    tag = detect(text)
    assert tag is None or WELL_FORMED.fullmatch(tag)


def test_what_is_declared_for_a_text_leaves_no_trace_when_it_is_asked_about_again():
    text = "Vlada je danas objavila da novi most preko rijeke dobro služi svima u gradu."
    before = detect(text)
    detect(text, declared="bs")
    detect(text, declared="sl")
    assert detect(text) == before


def test_each_more_syllable_of_a_word_of_any_length_adds_the_same_to_its_score():
    def added(syllables: int) -> dict[str, float]:
        longer, shorter = (scores("latin", ["ing" * count]) for count in (syllables + 1, syllables))
        return {language: longer[language] - shorter[language] for language in longer}

    assert added(400) == pytest.approx(added(5))


def test_a_story_that_opens_in_the_feeds_language_and_goes_on_in_another_is_in_the_other() -> None:
    note = "This post was written in a hurry, which is why it is not in the language of the others on this site. " * 3
    story = (
        "Die Software lässt sich auf den verschiedensten Plattformen für alle Anforderungen installieren, und wer sie "
        "schon kennt, wird sich hier schnell zurechtfinden. Danach muss nur noch die Firewall eingerichtet werden. "
    )
    assert detect(f"{note}\n\n{story * 6}", declared="en") == "de"
