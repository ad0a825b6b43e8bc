"""Turns of phrase that speak for a tag in many places and times, in German and English.

They carry the model into communities it has never seen. Words are as `clean` leaves them. A trailing * stands for any
ending of a single word of at least three letters; one cue has at most four words.
"""

CUES: dict[str, str] = {
    "asks": """
        how do i; how do we; how do you; how can i; how can we; how to; how should; how would; how does; does anyone; does anybody;
        anyone know; anyone else; anybody know; is there a; is there any; is there an; are there any; what is the; what's the;
        can someone; can anyone; can somebody; can you tell; could you tell; could someone; could you explain; where can i; where do i; where is;
        when will; when does; who do i; who can; which one; wondering if; wondering how; wondering whether; wondering why; any idea;
        any ideas; any news; any update; any plans; any way to; a way to; possible to; is it possible; i'd like to know; would like to know;
        do you know; not sure how; not sure if; not sure whether; need help; help me; please help; any help; my question; a question; quick question; question about;
        have a question; what does; what happens if; do i need; do i have to; am i; should i; can i; may i; what about; tell me;
        don't know how; can't figure out; can't find; how much; how long; how many; how often; is this; are you;
        wie kann; wie kann ich; wie komme ich; wie geht; wie mache ich; wie macht; wie bekomme; wie lange; wie viel; wie oft; wie finde; wo finde; wo kann; wo ist; wo gibt;
        wann kommt; wann ist; wann wird; wann gibt; wer kann; wer weiß; an wen; weiß jemand; weiss jemand; weiß wer; weiß einer; kann mir jemand; kann jemand; kann mir einer; kann mir wer;
        hat jemand; hat wer; hat einer; gibt es; gibts; gibt's; ist es möglich; ist das; geht das; kann man; kann ich; könnt ihr mir; könnten sie mir; muss ich; muss man;
        darf ich; darf man; soll ich; sollte ich; was mache ich; was muss ich; was ist; was kostet; was passiert; welche; welches; welcher; ich frage mich; frage mich; wollte fragen; wollte mal fragen;
        ich wollte wissen; wüsste gern; wüsste gerne; würde gern wissen; würde gerne wissen; meine frage; eine frage; kurze frage; ne frage; mal ne frage; frage zu; frage zum; frage zur; hab ne frage; habe eine frage;
        keine ahnung wie; finde nicht; finde den; ich suche; suche nach; brauche hilfe; bitte um hilfe; hilfe bei; jemand eine idee; jemand ne idee; jemand erfahrung; erfahrungen mit; bin mir nicht sicher; nicht sicher ob;
        habt ihr; hast du; haben sie; könnt ihr; kennt jemand; kennt ihr; wisst ihr; wieso; weshalb; warum; ob es; ob man; ob ich; sagt mal; funktioniert das; stimmt es; unterschied zwischen; difference between
    """,
    "wishes": """
        would be nice; would be great; would be good; would be cool; would be awesome; would be helpful; would be useful; would be better; would be perfect; would be lovely; would be amazing;
        be nice if; be great if; be cool if; be good to; be nice to; be great to; it'd be; would love; would love to; i'd love; i'd love to; i'd like; i would like; we'd like;
        i wish; wish there; wish you; wish it; wish i could; feature request; suggestion; suggest; suggesting; i suggest; my suggestion; propose; proposal; could you add; could you make; can you add; can you please add;
        could we have; could we get; can we have; can we get; please add; pls add; please make; please allow; please include; please consider; please provide; please implement; please bring; please give us; please let us; please support; please enable; please offer;
        should be able; should have; should be; should also; should allow; should add; should offer; there should; you should; it should; needs to have; needs a; needs an; needs more; need a; need an option; we need; option to; an option; the option; ability to; able to choose; would it be possible;
        why not; how about; idea; ideas; an idea; my idea; hope to see; hope you; hoping for; looking forward to; missing; lacks; lacking; would help; would make; would save; would improve; would appreciate; would prefer; could be improved; could be better; room for improvement; next version; next update; future update; future version; please think about; what if; consider adding; add a; add an; support for; integration with; dark mode; shortcut; it would; this would; that would; if only; only thing missing; thing i miss; i miss; thing that's missing; roadmap; enhancement;
        wäre schön; wäre toll; wäre super; wäre gut; wäre cool; wäre klasse; wäre nett; wäre hilfreich; wäre sinnvoll; wäre wünschenswert; wäre besser; wäre prima; wäre nice; wäre geil; wäre ideal; wäre praktisch; wäre es; wär schön; wär super; wär toll; wär cool; wär gut; wäre; wär; fände; fänd; fände es; fände ich; schön wäre; toll wäre; super wäre; gut wäre; cool wäre; besser wäre; praktisch wäre; hilfreich wäre; genial wäre; wäre nicht schlecht;
        könntet ihr; könnte man; könnten wir; könnten sie; könntet; könnt ihr nicht; könnt ihr bitte; kann man nicht; könnte ihr; würde mir; würde mich freuen; würde ich mir; würde gern; würde gerne; würde es begrüßen; würde helfen; würde uns; würden uns; würde sehr; hätte gern; hätte gerne; hätten gern; hätten gerne; ich wünsche; ich wünsche mir; wünsch mir; wünsche; wünschen; wunsch; mein wunsch; wünschenswert; vorschlag; vorschläge; mein vorschlag; verbesserungsvorschlag; schlage vor; idee; ideen; meine idee; eine idee; kleine idee; anregung; anregungen; feature wunsch; featurewunsch; sollte man; man sollte; man könnte; ihr solltet; ihr könntet; sollte es; es sollte; sollte; sollten; müsste; müsste man; bräuchte; bräuchten; es braucht; wir brauchen; bitte einbauen; einbauen; ergänzen; hinzufügen; einführen; nachrüsten; erweitern; integrieren; ermöglichen; anbieten; wie wäre; wie wär; wie wär's; wär's; wäre es möglich; warum nicht; fehlt; fehlen; fehlt mir; fehlt noch; mir fehlt; vermisse; statt; stattdessen; anstatt; lieber; besser; am besten; zusätzlich; option; möglichkeit; die möglichkeit; denkbar; für die zukunft; nächsten version; nächsten update; plant ihr; dunkelmodus; tastenkürzel
    """,
    "asks nicely": "please; pls; plz; bitte; bidde; kindly; thanks in advance; danke im voraus; danke schonmal; vielen dank im voraus; danke vorab",
    "fails": """
        not working; doesn't work; does not work; didn't work; don't work; won't work; isn't working; stopped working; not work; no longer works; won't open; won't load; doesn't load; not loading; can't open; cannot open; can't log; can't login; cannot login; can't access; can't use; can't even; cannot even; unable to; nothing happens; keeps crashing; keeps freezing; keeps; crash*; freez*; broken; broke; bug; bugs; buggy; error; errors; glitch*; fail; fails; failed; failing; failure; issue; issues; problem; problems; lag*; stuck; slow; lost; deleted my; disappeared; gone; wrong; incorrect; duplicate*; corrupt*; hangs; hung; timeout; timed out; blank screen; black screen; white screen; logged out; kicked out; since the update; after the update; since the last; latest update; new update; out of stock; damaged; defective; faulty; missing my; never arrived; not arrived; not received; haven't received; never received; hasn't arrived; late; delay*; cancelled; canceled; overcharged; charged twice; double charged; charged me;
        geht nicht; funktioniert nicht; klappt nicht; läuft nicht; lädt nicht; kommt nicht; öffnet nicht; geht nix; geht nichts; geht gar nichts; geht seit; nicht mehr; nix mehr; kaputt; defekt; beschädigt; stürzt; abgestürzt; absturz; abstürze; hängt; hängt sich; fehler; fehlermeldung; bug; problem; probleme; störung; ausfall; ausgefallen; fällt aus; verspätung; verspätet; zu spät; unpünktlich; langsam; ruckelt; weg; verschwunden; gelöscht; falsch; falsche; falscher; doppelt; abgebucht; nicht angekommen; nicht erhalten; nicht geliefert; kam nie; kommt nie; seit dem update; nach dem update; seit dem letzten; seit tagen; seit wochen; seit stunden; seit monaten; seit gestern; seit heute; seit einer woche; lässt sich nicht; kann nicht; kann mich nicht; komme nicht; bekomme keine; kriege keine; kein zugriff; keine verbindung; bleibt schwarz; bleibt weiß; leer; rausgeworfen; rausgeflogen; abgebrochen; bricht ab
    """,
    "suffers": """
        worst; terrible; awful; horrible; horrendous; useless; disappoint*; unacceptable; still waiting; still no; still not; refund; my money; money back; ridiculous; rude; waste; waste of; sucks; fix this; fix it; please fix; annoying; annoyed; frustrat*; on hold; no response; no reply; no answer; nobody answers; no one answers; never again; ignored; ignoring; joke; a joke; fed up; sick of; tired of; enough; seriously; really bad; so bad; very bad; bad; poor; poorly; worse; getting worse; unusable; unreliable; unprofessional; incompetent; misleading; scam; ripoff; rip off; overpriced; expensive; too expensive; hate; cancel my; cancelling; unsubscrib*; uninstall*; switching to; avoid; regret; unhappy; dissatisfied; not happy; not acceptable; not good enough; not impressed; customer service; support is; hours; for weeks; for days; for months; again; yet again; every time; every single; constantly; always; shame; pathetic; nightmare; fiasco; mess; unfair; impossible; how hard can; thanks for nothing; wtf; ffs; smh; ugh; no longer; what a;
        schlecht*; enttäusch*; frechheit; unverschämt*; katastroph*; nervt; nervig*; genervt; mist; ärger*; ärgert; verärgert; sauer; unfassbar; unglaublich; unmöglich; peinlich; schade; leider; wieder mal; mal wieder; schon wieder; immer noch; immernoch; noch immer; keine antwort; keine reaktion; niemand antwortet; keiner antwortet; meldet sich niemand; meldet sich keiner; niemand; keiner; ignoriert; zumutung; armutszeugnis; lachhaft; witz; ein witz; schlechter witz; unzumutbar; inakzeptabel; unbrauchbar; nutzlos; sinnlos; geld zurück; erstattung; rückerstattung; kündige; kündigen; kündigung; gekündigt; nie wieder; zum kotzen; reicht; es reicht; mir reicht; schnauze voll; nase voll; satt; geduld; abzocke; betrug; überteuert; zu teuer; teuer; viel zu; verschlimmbessert; unübersichtlich; umständlich; kompliziert; unfreundlich; inkompetent; unprofessionell; service wüste; servicewüste; warteschleife; stundenlang; tagelang; wochenlang; ewig; seit ewigkeiten; dauernd; ständig; andauernd; jedes mal; jedesmal; zum dritten mal; zum wiederholten; wie kann es sein; kann doch nicht; kann nicht sein; darf nicht sein; darf doch; geht gar nicht; gar nicht; überhaupt nicht; beschwer*; reklamation; reklamier*; unzufrieden; nicht zufrieden; verarscht; verarsche; verärger*; chaos; desaster; saftladen; schikane; hotline; was soll das; was soll der; warum zum; danke für nichts; bravo; toll gemacht; na toll; na super; ganz toll; frust*; fail; wtf; deppert; unfair; ungerecht
    """,
    "pleased": """
        thank you; thanks; thx; love it; love this; love the; love you; awesome; amazing; great; great job; great work; great app; excellent; perfect; perfectly; best; well done; fantastic; wonderful; brilliant; nice; nicely; good job; good work; works great; works well; works fine; so good; very good; happy; happy with; enjoy*; recommend; highly recommend; keep it up; keep up; congrat*; appreciate; helped; helpful; solved; fixed; kudos; props; impressed; beautiful; favorite; favourite; cool; easy to use; five stars; 0 stars; finally works;
        danke; vielen dank; dankeschön; merci; super; toll; tolle; toller; tolles; klasse; großartig*; liebe euch; beste; bester; bestes; weiter so; geil; geile; respekt; hammer; top; spitze; spitzenmäßig; prima; genial; wunderbar; fantastisch; perfekt; hervorragend; gelungen; gut gemacht; gute arbeit; sehr gut; echt gut; richtig gut; freue mich; freut mich; begeistert; zufrieden; sehr zufrieden; empfehl*; hat geholfen; hat geklappt; geklappt; läuft wieder; funktioniert wieder; geht wieder; lob; ein lob; glückwunsch; gratul*; mega; nice; lieblings*; endlich
    """,
    "insults": """
        idiot*; moron*; stupid; stupidity; dumb; dumbass; loser*; retard*; asshole*; bitch*; fuck; fucking; fucker*; fuckin; motherfuck*; shit; shitty; bullshit; cunt*; scum; scumbag*; pathetic; trash; garbage; clown*; liar*; stfu; kys; kill yourself; shut up; go to hell; go die; bastard*; dick; dickhead*; faggot*; fag; fags; nigg*; whore*; slut*; nazi; nazis; subhuman*; vermin; parasite*; troll; trolls; braindead; imbecile*; cretin*; degenerate*; freak*; pig; pigs; savages; filth; filthy; disgusting; ugly; crybab*; snowflake*; libtard*; sheep; shill*; get lost; screw you; eat shit; piss off; pos; lmao; cope; noob*; fanboy*; white trash; queer*; dyke*; spic; wetback*; muzzie*; illegals; deport; rapist*; pedo*; worthless; brainless;
        dumm; dumme; dummen; dummer; dummes; dummheit; dumm*; idioten; vollidiot*; arschl*; arsch; wichser*; hurensohn*; hure*; fotze*; schlampe*; fick*; gefickt; fresse; dreck; dreckig*; drecks*; abschaum; pack; gesindel; spinner*; depp*; vollpfosten; trottel*; blöd; blöde; blöder; blödmann; hirnlos*; gutmensch*; lügner*; lügenpresse; penner*; scheiß; scheiße; scheiss; scheisse; scheiß*; scheiss*; kotz*; maul; halt die fresse; halts maul; halt dein maul; halt die klappe; klappe; verpiss*; schwachsinn; schwachkopf; schwachmat*; lächerlich*; heuchler*; schäm; schämt; schämen; vollspast*; spast*; missgeburt*; behindert; mongo*; schwuchtel*; kanake*; neger*; zigeuner*; jude; juden; judensau; musel*; asylant*; asylforderer; invasor*; flüchtlinge; merkel; volksverrät*; verräter*; verbrecher*; kriminelle*; abschieben; raus; ungeziefer; ratte*; schwein*; sau; affe; affen; opfer; lappen; honk; heulsuse*; jammerlappen; flasche; versager*; nichtsnutz*; geh sterben; verrecke*; aufhängen; vergasen; erschießen; hirn; verblödet; bekloppt; gestört; krank; widerlich*; ekelhaft*; abartig*; linksgrün*; nazis; faschist*; terrorist*; bastard*; geschmeiß; affenhirn; hackfresse; dulli
    """,
    "mocks": """
        is this a joke; is that a joke; is it a joke; are you kidding; are you serious; are you joking; you kidding me; you can't be serious; how hard can; how hard is it; how is this; how is that; how can this be; how can you; how can anyone; what is wrong with; what's wrong with; what are you doing; what am i paying; what do i pay; why do i even; why do we even; why even bother; why bother; who thought; who came up with; who decided; who needs this; who tests; does anyone test; do you even; do you ever; does anybody even; is anyone even; is anybody there; is it too much; too much to ask; is it so hard; when will you finally; when will you learn; what's the point; what is the point; why would anyone; how long do i; how long must; how many more times; how many times;
        ist das ein witz; ist das ein scherz; soll das ein witz; soll das ein scherz; ist das euer ernst; ist das ihr ernst; ist das dein ernst; euer ernst; ihr ernst; geht's noch; gehts noch; wollt ihr mich; wollen sie mich; was soll das; was soll der; was soll dieser; was soll so; wie kann man nur; wie kann man so; wie kann man mit; wie kann es sein; wie kann das sein; kann doch nicht sein; kann doch nicht wahr; darf doch nicht wahr; muss das sein; wer denkt sich; wer kommt auf; wer hat sich das; wer braucht; wer testet; testet das; testet ihr; habt ihr sie noch; habt ihr das überhaupt; wofür zahle ich; wofür bezahle ich; wofür bezahl ich; wozu zahle ich; wozu bezahle ich; wozu habe ich; ist es so schwer; ist das so schwer; kann das so schwer; zu viel verlangt; zuviel verlangt; wie lange noch; wie lange soll; wie oft noch; wie oft muss; wie oft soll; wann lernt ihr; wann begreift; merkt ihr; merkt das keiner; was bringt mir; warum überhaupt; wozu überhaupt; ernsthaft; schlechter scherz; für wie blöd
    """,
    "you": "you; your; ur; u; you're; youre; y'all; yourself; du; dich; dir; dein; deine; deinen; deiner; deinem; ihr; euch; euer; eure; euren; eurer; bist; seid",
    "they": "they; them; those people; these people; all of them; die alle; diese leute; sie alle; solche; solche leute; diese; deren; denen; people like you; leute wie du; leute wie ihr; typen wie",
    "i": "i; i'm; i've; my; me; we; our; us; ich; mich; mir; mein; meine; meinen; meinem; meiner; wir; uns; unser; unsere",
    "groups": """
        women; men; gays; gay; gay people; lesbian*; trans; transgender; trans people; muslim*; islam; black people; blacks; whites; immigrant*; migrant*; refugee*; jews; jewish; disabled; disabled people; foreigner*; asian*; mexican*; arabs; indian*;
        frauen; männer; schwule; schwulen; lesben; transmenschen; transfrau*; transsexuell*; muslime; muslimen; moslem*; schwarze; schwarzen; ausländer*; migrant*; einwander*; juden; behinderte*; türken; araber*; afrikaner*; polen; russen; inder; roma; homosexuelle*; menschen mit
    """,
    "works": "work; works; working; open; opens; load; loads; loading; respond; responds; responding; receive; received; ship; shipped; arrive; arrived; help; helped; start; starts; connect; connects; sync; syncs; save; saves; geht; gehen; funktioniert; funktionieren; klappt; läuft; laufen; kommt; kommen; lädt; laden; startet; öffnet; öffnen; antwortet; reagiert; hilft; speichert; verbindet; synchronisiert; einloggen; anmelden; ging; funktionierte; klappte; angekommen; erreicht; erreichbar; möglich; passiert; passt; stimmt",
    "not": "not; n't; don't; doesn't; didn't; won't; can't; cannot; cant; wont; doesnt; dont; isn't; isnt; wasn't; aren't; couldn't; never; no; nothing; none; nobody; nicht; nie; niemals; kein; keine; keinen; keiner; keinerlei; nichts; nix; niemand; net; ned",
    "would": "would; could; should; might; may; wäre; wär; könnte; könnten; könntet; sollte; sollten; solltet; würde; würden; würdet; hätte; hätten; müsste; dürfte; bräuchte; fände",
    "adds": "add; added; adding; include; allow; allows; enable; implement; introduce; provide; offer; support; improve; change; bring; choose; customize; customise; customizable; customisable; filter; sort; export; import; hinzufügen; einbauen; ergänzen; einführen; anbieten; bereitstellen; ermöglichen; erlauben; ändern; verbessern; umstellen; erweitern; ausbauen; einrichten; schaffen; bauen; errichten; aufstellen; anbringen; freigeben; auswählen; wählen; einstellen; sortieren; filtern; exportieren; importieren; geben; gäbe; werden",
    "w-word": "who; what; when; where; why; which; how; whose; wer; wen; wem; was; wann; wo; warum; wieso; weshalb; welche; welcher; welches; welchen; welchem; wie; woher; wohin; wozu; womit; wofür; woran; worauf; wieviel",
    "verb first": "can; could; is; are; am; do; does; did; will; would; has; have; any; anyone; anybody; may; should; was; were; isn't; aren't; don't; doesn't; can't; kann; kannst; können; könnt; könnte; könnten; könntet; ist; sind; gibt; gibts; hat; hast; habt; haben; wird; werdet; werden; wirst; darf; dürfen; soll; sollen; sollte; weiß; weiss; wisst; wissen; muss; müssen; müsst; bin; bist; seid; geht; gehen; funktioniert; klappt; kommt; kennt; kennst; lohnt; braucht; brauche; wurde; wurden; gilt; stimmt; reicht; lässt; läuft; möchte; möchtet",
    "angry faces": "😡; 🤬; 😠; 👎; 😤; 💩; 🙄; 🤮; 😞; 😩; 😫; 😭; 😢; :(; :-(; >:(; 🤦; 🖕; 🤡; 😒",
    "happy faces": "😊; 😍; ❤; 👍; 🎉; 🙏; 😁; 😀; 🥰; 🙌; 💪; 👏; 🔥; :); :-); ;); 😂; 🤣; 💚; 💙; 🌞",
    "idea faces": "💡; 🤔; 🙋",
    "question mark": "?; ??; ???",
    "exclamation": "!; !!; !!!",
    "mixed marks": "?!; !?; ?!?; !?!; ??!; !!?; !?!?; ?!?!",
    "dots": "...; ..",
    "link": "xlinkx",
    "name": "xnamex",
    "mail": "xmailx",
    "number": "0",
    "greets": "hi; hello; hey; hallo; moin; servus; guten; liebes; liebe; lieber; sehr geehrte; dear; grüezi; hi zusammen; hallo zusammen; hi all; hi there; good morning; guten morgen; guten tag",
    "but": "but; however; although; though; aber; jedoch; allerdings; obwohl; trotzdem; dennoch; except",
    "waits": "waiting; wait; waited; warte; warten; wartet; gewartet; days; weeks; months; hours; tage; tagen; wochen; monate; monaten; stunden; minuten; minutes",
    "since": "since; seit; for weeks; for days; after; nach; update; updated; version; upgrade; upgraded",
}
"""Name of a group of cues, and its members, parted by semicolons."""

NEAR: tuple[tuple[str, str, int], ...] = (
    ("works", "not", 5),
    ("not", "works", 4),
    ("you", "insults", 5),
    ("insults", "you", 3),
    ("they", "insults", 6),
    ("groups", "insults", 6),
    ("insults", "groups", 4),
    ("would", "adds", 8),
    ("asks nicely", "adds", 7),
    ("i", "suffers", 6),
    ("not", "pleased", 3),
    ("would", "pleased", 3),
    ("mocks", "question mark", 12),
    ("suffers", "mocks", 20),
    ("negation", "good", 3),
    ("negation", "bad", 3),
    ("negation", "trouble", 3),
    ("negation", "change", 3),
    ("negation", "thanks", 3),
    ("negation", "group", 3),
    ("strong", "bad", 2),
    ("strong", "good", 2),
    ("ought", "change", 8),
    ("change", "ought", 6),
    ("ought", "good", 4),
    ("ought", "violence", 4),
    ("asking", "trouble", 6),
    ("good", "trouble", 12),
    ("trouble", "bad", 12),
    ("insult", "group", 5),
    ("group", "insult", 5),
    ("violence", "group", 5),
    ("group", "violence", 5),
    ("bad", "group", 5),
    ("group", "bad", 5),
    ("vulgar", "group", 4),
    ("group", "vulgar", 4),
    ("vulgar", "insult", 3),
)
"""A cue, or a word of the lexicon, of the first group followed by one of the second within so many words."""

OPENING = ("w-word", "verb first", "wishes", "asks", "you", "i")
"""Groups that mean something else at the start of a clause."""
