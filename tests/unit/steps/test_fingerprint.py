# ruff: noqa: RUF001 - the texts are in the scripts that news is written in
from __future__ import annotations

import json
import unicodedata
from hashlib import blake2b

import pytest
from hypothesis import given, strategies as st

from worker.steps.fingerprint import MAX_NUMBERS, MAX_PHRASES, fingerprint, near_duplicate


def paragraphs(text: str) -> tuple[str, ...]:
    return tuple(text.strip().split("\n\n"))


STORY = paragraphs("""
HARBOUR CITY, March 4 - The ferry company Norvane Lines said it would close its northern route in June after
losing 14.2 million crowns last winter.

Passengers on the islands have relied on the crossing since 1931, and the council of Little Skerry called the
decision a disaster for farmers and schoolchildren.

"We were promised consultation, and we received a letter," council leader Hanna Brekke told reporters outside
the town hall.

Norvane employs 212 people on the route, most of them living along the coast. The company offered 60 of them
places on its southern ships.

Transport minister Oskar Lindahl said the government would study whether another operator could take over the
two vessels before autumn.

Analysts at Fenwick Bank expect the closure to save Norvane about 9.5 million crowns each year, although
redundancy payments would swallow 3.8 million of that.
""")

OTHER_STORY = paragraphs("""
HARBOUR CITY, March 4 - The ferry company Norvane Lines named its finance director as chief executive on
Tuesday.

Greta Holm succeeds Anders Falk, who leaves after eleven years to lead a shipyard in the south of the country.

Investors welcomed the appointment, and the shares gained 3 percent in thin trading before the Easter holiday.

Holm told employees in an email that she would publish a strategy for electric ships within her first 100 days.
""")

CHINESE = (
    "渡轮公司周二表示，由于去年冬天亏损一千四百万克朗，将于六月关闭北部航线。",
    "岛上居民自一九三一年以来一直依靠这条航线，当地议会称这一决定对农民和学生是一场灾难。",
    "公司在这条航线上雇用了二百一十二名员工，其中大多数人住在海岸附近的村庄里。",
    "交通部长说，政府将研究秋季之前能否由另一家运营商接管这两艘船只。",
)
OTHER_CHINESE = (
    "渡轮公司周二任命财务总监为新的首席执行官，接替在任十一年后离职的前任负责人。",
    "投资者对这一任命表示欢迎，复活节假期前的清淡交易中股价上涨了百分之三。",
)
ARABIC = (
    "قالت شركة العبارات يوم الثلاثاء إنها ستغلق خطها الشمالي في يونيو بعد خسارة أربعة عشر مليونا في الشتاء الماضي.",
    "ويعتمد سكان الجزر على هذا الخط منذ عشرات السنين، ووصف المجلس المحلي القرار بأنه كارثة للمزارعين والطلاب.",
    "وتوظف الشركة مئتين واثني عشر شخصا على هذا الخط يعيش معظمهم في القرى الساحلية القريبة من الميناء.",
    "وقال وزير النقل إن الحكومة ستدرس إمكانية تولي شركة أخرى تشغيل السفينتين قبل حلول فصل الخريف.",
)
OTHER_ARABIC = (
    "عينت شركة العبارات يوم الثلاثاء المديرة المالية رئيسة تنفيذية جديدة خلفا للرئيس السابق الذي غادر منصبه.",
    "ورحب المستثمرون بهذا التعيين وارتفعت أسهم الشركة في تعاملات هادئة قبل عطلة عيد الفصح.",
)
HINDI = (
    "नौका कंपनी ने मंगलवार को कहा कि पिछली सर्दियों में भारी घाटे के बाद वह जून में अपना उत्तरी मार्ग बंद कर देगी।",
    "द्वीपों के निवासी दशकों से इस मार्ग पर निर्भर हैं और स्थानीय परिषद ने इस फैसले को किसानों के लिए आपदा बताया।",
    "कंपनी इस मार्ग पर दो सौ बारह कर्मचारियों को रोजगार देती है जिनमें से अधिकांश तटीय गांवों में रहते हैं।",
    "परिवहन मंत्री ने कहा कि सरकार शरद ऋतु से पहले दूसरे संचालक की संभावना का अध्ययन करेगी।",
)
OTHER_HINDI = (
    "नौका कंपनी ने मंगलवार को अपनी वित्त निदेशक को नया मुख्य कार्यकारी अधिकारी नियुक्त किया।",
    "निवेशकों ने इस नियुक्ति का स्वागत किया और त्योहार की छुट्टियों से पहले शेयरों में तेजी दर्ज की गई।",
)


def of(*paragraphs: str) -> tuple[int, ...]:
    values = fingerprint("\n\n".join(paragraphs))
    assert values is not None
    return values


def earnings(company: str, city: str, *figures: str) -> str:
    profit, share, forecast, revenue, year = figures
    return (
        f"{city} - {company} on Thursday reported third-quarter profit of ${profit} million.\n\n"
        f"On a per-share basis, the {city} company said it earned {share} cents, after adjusting for one-time gains. "
        f"The average estimate of analysts surveyed was for earnings of {forecast} cents per share.\n\n"
        f"The company posted revenue of ${revenue} million in the period. {company} shares have climbed {year} percent "
        "since the beginning of the year, and are trading near their highest level in the last 12 months."
    )


def test_reordered_paragraphs_stay_near_duplicates() -> None:
    assert near_duplicate(of(*STORY), of(*reversed(STORY)))


def test_a_copy_cut_to_half_of_the_text_is_a_near_duplicate() -> None:
    assert near_duplicate(of(*STORY), of(*STORY[:3]))
    assert near_duplicate(of(*STORY), of(*STORY[3:]))


def test_a_reheaded_copy_with_a_credit_line_is_a_near_duplicate() -> None:
    copy = ("Ferry to the islands will stop", *STORY, "(Reporting by our staff. All rights reserved.)")
    assert near_duplicate(of(*STORY), of(*copy))


def test_updated_figures_and_an_added_paragraph_are_a_near_duplicate() -> None:
    updated = "\n\n".join(STORY).replace("14.2", "15.1").replace("212", "208").replace("9.5", "9.9")
    assert near_duplicate(of(*STORY), of(updated, OTHER_STORY[2]))


def test_a_lightly_edited_copy_is_a_near_duplicate() -> None:
    edited = "\n\n".join(STORY).replace(" said ", " stated ").replace("the decision", "this move").replace("about ", "")
    assert near_duplicate(of(*STORY), of(edited))


def test_another_story_of_the_same_day_and_company_is_no_near_duplicate() -> None:
    assert not near_duplicate(of(*STORY), of(*OTHER_STORY))


def test_a_templated_notice_with_another_company_and_other_numbers_is_no_near_duplicate() -> None:
    """The two have most of their words in common: only names and figures tell them apart."""
    a = earnings("Aldermoor Foods", "Boston", "41.7", "62", "58", "310.4", "17")
    b = earnings("Kestrel Logistics", "Denver", "8.3", "19", "23", "95.6", "31")
    assert not near_duplicate(of(a), of(b))


def test_a_templated_notice_is_a_near_duplicate_of_its_own_copy() -> None:
    notice = earnings("Aldermoor Foods", "Boston", "41.7", "62", "58", "310.4", "17")
    assert near_duplicate(of(notice), of("Aldermoor profit beats forecasts", notice))


@pytest.mark.parametrize(
    ("story", "other"),
    [(CHINESE, OTHER_CHINESE), (ARABIC, OTHER_ARABIC), (HINDI, OTHER_HINDI)],
    ids=["Chinese", "Arabic", "Hindi"],
)
def test_other_languages_and_scripts_work_alike(story: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert near_duplicate(of(*story), of(*reversed(story)))
    assert near_duplicate(of(*story), of(*story[:2]))
    assert not near_duplicate(of(*story), of(*other))


def test_other_quotes_case_and_white_space_leave_the_fingerprint_alone() -> None:
    retyped = " \u00a0\n".join(STORY).replace('"', "\u201d").replace(" ", "\t ").upper()
    assert of(retyped) == of(*STORY)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Élodie Lefèvre présidera le comité régional après avoir dirigé le musée pendant treize années bien remplies",
         "ELODIE LEFEVRE PRESIDERA LE COMITE REGIONAL APRES AVOIR DIRIGE LE MUSEE PENDANT TREIZE ANNEES BIEN REMPLIES"),
        ("渡轮公司周二表示，将于六月关闭北部航线。", "渡轮公司周二表示 将于六月\n关闭北部航线"),
        ("ガラスのデザイナーがギャラリーでパーティーを開いた", unicodedata.normalize(
            "NFD", "ガラスのデザイナーがギャラリーでパーティーを開いた")),
        ("قالت الشركة إنها ستغلق خطها الشمالي في يونيو بعد خسارة ١٤ مليونا في الشتاء الماضي",
         "قالت الشركة انها ستغلق خطهـا الشمالي في يونيو بعد خسارة 14 مليونا في الشتاء الماضي"),
        ("Наприкінці тижня м\u02bcясокомбінат відновив виробництво після тривалої перерви через брак електрики взимку",
         "Наприкінці тижня м'ясокомбінат відновив виробництво після тривалої перерви через брак електрики взимку"),
    ],
    ids=["accents", "Chinese punctuation", "kana marks", "Arabic letters and digits", "apostrophes"],
)  # fmt: skip
def test_spellings_that_mean_the_same_have_one_fingerprint(text: str, same: str) -> None:
    assert of(text) == of(same)


@pytest.mark.parametrize("text", ["", "   ", "Ferry route closes.", "1 2 3", "渡轮公司", "\ud800\udfff"])
def test_a_text_too_short_to_say_anything_has_no_fingerprint(text: str) -> None:
    assert fingerprint(text) is None


def test_ten_long_words_are_the_shortest_text_with_a_fingerprint() -> None:
    nine = "council leaders rejected merger plans although regional ministers promised"
    assert fingerprint(nine) is None
    assert len(of(f"{nine} additional")) == 8


def test_a_filled_digit_is_a_word_only_where_a_word_begins_with_it() -> None:
    digits = [chr(0x2776 + n) for n in range(9)] + [chr(0x2780)]  # ten words, eight phrases
    assert fingerprint(" ".join(digits)) is not None
    assert fingerprint(" ".join("ab" + digit for digit in digits)) is None


def test_the_value_of_a_phrase_never_changes() -> None:
    """Consumers keep fingerprints: a change of the hash would part old articles from new ones."""
    phrases = (892490, 63732512, 44968565, 58747950, 53091893, 49872885, 16129265, 27734239, 9548053, 32673825)
    numbers = (-100733, -669559)
    text = "One: alpha, bravo, charlie, delta, echo1, foxtrot, golf, hotel, india, juliett. 1,200"
    assert of(text) == (*phrases, *numbers)
    # What a reader in another language would compute for one phrase and one number.
    assert int.from_bytes(blake2b(b"alpha bravo charlie", digest_size=8).digest()) % 2**26 in phrases
    assert -1 - int.from_bytes(blake2b(b"1,200", digest_size=8).digest()) % 2**20 in numbers


def test_the_longest_list_of_values_is_less_than_a_kilobyte_of_json() -> None:
    text = " ".join(f"{number} w{chr(97 + number % 26)}rd{chr(97 + number // 26 % 26)}" for number in range(2000))
    values = of(text)
    assert len(values) == MAX_PHRASES + MAX_NUMBERS
    assert len(json.dumps(values, separators=(",", ":"))) <= 1000


def test_the_first_values_of_two_copies_meet() -> None:
    """What the module says of finding candidates: 32 phrases of each list are enough."""
    half = of(*STORY[:3])
    assert set(of(*STORY)[:32]) & set(half[:32])


TEXTS = st.text(max_size=400) | st.lists(
    st.sampled_from(" ".join((*STORY, *OTHER_STORY, *CHINESE, *ARABIC, *HINDI)).split()), max_size=120
).map(" ".join)


@given(TEXTS)
def test_a_fingerprint_is_small_and_always_the_same(text: str) -> None:
    values = fingerprint(text)
    assert fingerprint(text) == values
    if values is not None:
        phrases = [value for value in values if value >= 0]
        assert 8 <= len(phrases) <= MAX_PHRASES
        assert len(values) - len(phrases) <= MAX_NUMBERS
        assert len(set(values)) == len(values)
        assert max(values) < 2**26
        assert min(values) >= -(2**20)
        assert near_duplicate(values, values)


@given(TEXTS, TEXTS)
def test_the_order_of_two_texts_does_not_matter(a: str, b: str) -> None:
    one, other = fingerprint(a), fingerprint(b)
    if one is not None and other is not None:
        assert near_duplicate(one, other) == near_duplicate(other, one)


@given(TEXTS, st.sampled_from(["\n\n", "  ", "\t", "\u00a0", " \u2014 "]))
def test_the_space_between_words_does_not_matter(text: str, space: str) -> None:
    assert fingerprint(space.join(text.split())) == fingerprint(text)
