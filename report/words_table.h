/* SPDX-License-Identifier: MIT
 * The words of the HTML report: X(enum suffix, English, German, French, Spanish). Only for words.h.
 */
#ifndef REPORT_WORDS_TABLE_H
#define REPORT_WORDS_TABLE_H

/* clang-format off */
#define WORDS(X) WORDS_HEAD(X) WORDS_NUMBERS(X) WORDS_CHARTS(X) WORDS_TABLE(X) WORDS_END(X)

#define WORDS_HEAD(X) \
    X(TITLE, "Mailbox migration", "Postfach-Migration", "Migration de boîtes aux lettres", "Migración de buzones") \
    X(TITLE_ACROSS, "Mailbox migration, all runs", "Postfach-Migration, alle Läufe", "Migration de boîtes aux lettres, toutes les passes", "Migración de buzones, todas las pasadas") \
    X(PREPARED_FOR, "for", "für", "pour", "para") \
    X(FINAL_PASS, "final pass", "letzter Durchgang", "dernière passe", "última pasada") \
    X(VERDICT_PERFECT, "Every message is on the destination: {1} {1|mailbox|mailboxes}, {2} {2|message|messages}, nothing missing.", "Jede Nachricht ist am Ziel: {1} {1|Postfach|Postfächer}, {2} {2|Nachricht|Nachrichten}, nichts fehlt.", "Tous les messages sont à destination : {1} {1|boîte|boîtes}, {2} {2|message|messages}, rien ne manque.", "Todos los mensajes están en el destino: {1} {1|buzón|buzones}, {2} {2|mensaje|mensajes}, no falta nada.") \
    X(VERDICT_GOOD, "Everything that was asked for is on the destination; {1} {1|message was|messages were} left out by rule or deleted by {1|its user|their users} meanwhile.", "Alles Gewünschte ist am Ziel; {1} {1|Nachricht wurde|Nachrichten wurden} nach Regeln ausgelassen oder inzwischen gelöscht.", "Tout ce qui était demandé est à destination ; {1} {1|message a été exclu|messages ont été exclus} par vos règles ou {1|supprimé|supprimés} entre-temps.", "Todo lo pedido está en el destino; {1} {1|mensaje se excluyó|mensajes se excluyeron} por reglas o se {1|borró|borraron} mientras tanto.") \
    X(VERDICT_EXCEPTIONS, "All mailboxes went through, {1} of {2} with exceptions: {3} {3|message is|messages are} not on the destination.", "Alle Postfächer sind durchgelaufen, {1} von {2} mit Ausnahmen: {3} {3|Nachricht ist|Nachrichten sind} nicht am Ziel.", "Toutes les boîtes sont traitées, {1} sur {2} avec des exceptions : {3} {3|message n’est|messages ne sont} pas à destination.", "Todos los buzones se procesaron, {1} de {2} con excepciones: {3} {3|mensaje no está|mensajes no están} en el destino.") \
    X(VERDICT_OPEN, "{1} of {2} {2|mailbox|mailboxes} went through; {3} failed, {4} {4|is|are} not finished.", "{1} von {2} {2|Postfach ist|Postfächern sind} durchgelaufen; {3} fehlgeschlagen, {4} noch nicht fertig.", "{1} {1|boîte traitée|boîtes traitées} sur {2} ; {3} en échec, {4} à terminer.", "{1} de {2} {2|buzón procesado|buzones procesados}; {3} {3|falló|fallaron}, {4} sin terminar.") \
    X(VERDICT_TRIAL, "This was a trial: nothing was copied.", "Das war ein Probelauf: nichts wurde kopiert.", "C’était un essai : rien n’a été copié.", "Fue un ensayo: no se copió nada.") \
    X(VERDICT_NOTHING, "Nothing was to be done.", "Es gab nichts zu tun.", "Il n’y avait rien à faire.", "No había nada que hacer.") \
    X(NOT_ENDED, "This run has not ended, or was broken off: the numbers are what is known so far.", "Dieser Lauf ist nicht beendet oder wurde abgebrochen: die Zahlen sind der Stand bis jetzt.", "Cette passe n’est pas terminée, ou a été interrompue : les chiffres sont provisoires.", "Esta pasada no ha terminado o se interrumpió: las cifras son provisionales.") \
    X(SAFE_COUNT, "{1} of {2} {2|mailbox is|mailboxes are} safe to switch.", "{1} von {2} {2|Postfach kann|Postfächern können} umgestellt werden.", "{1} {1|boîte peut basculer|boîtes peuvent basculer} sur {2}.", "{1} de {2} {2|buzón se puede|buzones se pueden} cambiar.")

#define WORDS_NUMBERS(X) \
    X(GRADE, "Grade", "Note", "Note", "Nota") \
    X(GRADE_NONE, "No grade", "Ohne Note", "Sans note", "Sin nota") \
    X(GRADE_PERFECT, "Perfect", "Perfekt", "Parfait", "Perfecto") \
    X(GRADE_GOOD, "Good", "Gut", "Bon", "Bueno") \
    X(GRADE_INVESTIGATE, "Investigate", "Prüfen", "À examiner", "Revisar") \
    X(GRADE_POOR, "Poor", "Mangelhaft", "Insuffisant", "Deficiente") \
    X(STATUS, "Status", "Status", "État", "Estado") \
    X(STATUS_NOT_STARTED, "not started", "nicht begonnen", "non commencé", "no iniciado") \
    X(STATUS_COMPLETE, "complete", "vollständig", "complet", "completo") \
    X(STATUS_EXCEPTIONS, "with exceptions", "mit Ausnahmen", "avec exceptions", "con excepciones") \
    X(STATUS_PAUSED, "paused", "angehalten", "en pause", "en pausa") \
    X(STATUS_FAILED, "failed", "fehlgeschlagen", "en échec", "fallido") \
    X(STATUS_LEFT_OUT, "left out", "ausgelassen", "laissé de côté", "omitido") \
    X(MAILBOXES, "Mailboxes", "Postfächer", "Boîtes", "Buzones") \
    X(MESSAGES, "Messages", "Nachrichten", "Messages", "Mensajes") \
    X(ON_DESTINATION, "On the destination", "Am Ziel", "À destination", "En el destino") \
    X(COPIED, "Copied", "Kopiert", "Copiés", "Copiados") \
    X(COPIED_NOW, "Copied in this run", "In diesem Lauf kopiert", "Copiés dans cette passe", "Copiados en esta pasada") \
    X(COPIED_ALL, "Copied in all runs", "In allen Läufen kopiert", "Copiés, toutes passes", "Copiados en total") \
    X(ALREADY, "Already there", "Schon da", "Déjà là", "Ya estaban") \
    X(NOT_THERE, "Not there", "Nicht am Ziel", "Absents", "Ausentes") \
    X(DIFFERENCE, "Difference", "Differenz", "Différence", "Diferencia") \
    X(DATA_COPIED, "Data copied", "Daten kopiert", "Données copiées", "Datos copiados") \
    X(DURATION, "Duration", "Dauer", "Durée", "Duración") \
    X(RUNS, "Runs", "Läufe", "Passes", "Pasadas") \
    X(FIRST_COPIED, "First copied", "Zuerst kopiert", "Première copie", "Primera copia") \
    X(LAST_RUN, "Last run", "Letzter Lauf", "Dernière passe", "Última pasada") \
    X(SAFE, "Safe to switch", "Umstellbar", "Peut basculer", "Listo para cambiar") \
    X(YES, "yes", "ja", "oui", "sí") \
    X(NO, "no", "nein", "non", "no")

#define WORDS_CHARTS(X) \
    X(OVERVIEW, "At a glance", "Auf einen Blick", "En un coup d’œil", "De un vistazo") \
    X(CHART_STATUS, "Mailboxes by status", "Postfächer nach Status", "Boîtes par état", "Buzones por estado") \
    X(CHART_TIME, "Where the time went", "Wofür die Zeit gebraucht wurde", "Répartition du temps", "En qué se fue el tiempo") \
    X(CHART_TIME_NOTE, "All mailboxes’ time added up.", "Die Zeit aller Postfächer zusammen.", "Temps cumulé de toutes les boîtes.", "Tiempo sumado de todos los buzones.") \
    X(TIME_WORKING, "working", "Arbeit", "travail", "trabajo") \
    X(TIME_THROTTLED, "throttled by a server", "vom Server gebremst", "freiné par un serveur", "frenado por un servidor") \
    X(TIME_WAITING, "waiting for a connection", "Warten auf Verbindung", "attente d’une connexion", "esperando conexión") \
    X(CHART_MESSAGES, "Messages per second", "Nachrichten pro Sekunde", "Messages par seconde", "Mensajes por segundo") \
    X(CHART_BYTES, "Data per second", "Daten pro Sekunde", "Données par seconde", "Datos por segundo") \
    X(CHART_BUDGET, "budget", "Budget", "budget", "presupuesto") \
    X(CHART_PAUSES, "mailboxes throttled", "Postfächer gebremst", "boîtes freinées", "buzones frenados") \
    X(CHART_NOTHING_SENT, "Nothing was sent long enough to draw a curve.", "Es wurde nicht lange genug gesendet, um eine Kurve zu zeichnen.", "Pas assez d’envois pour tracer une courbe.", "No se envió lo suficiente para dibujar una curva.") \
    X(CHART_LARGEST, "Largest mailboxes", "Größte Postfächer", "Plus grandes boîtes", "Buzones más grandes") \
    X(CHART_LARGEST_NOTE, "Messages on the source; dark: on the destination.", "Nachrichten an der Quelle; dunkel: am Ziel.", "Messages à la source ; foncé : à destination.", "Mensajes en el origen; oscuro: en el destino.") \
    X(WHAT_TO_DO, "What to do", "Was zu tun ist", "Que faire", "Qué hacer") \
    X(WHAT_TO_DO_NOTE, "The most frequent first.", "Das Häufigste zuerst.", "Le plus fréquent d’abord.", "Lo más frecuente primero.") \
    X(MAILBOXES_MESSAGES, "{1} {1|mailbox|mailboxes}, {2} {2|message|messages}", "{1} {1|Postfach|Postfächer}, {2} {2|Nachricht|Nachrichten}", "{1} {1|boîte|boîtes}, {2} {2|message|messages}", "{1} {1|buzón|buzones}, {2} {2|mensaje|mensajes}")

#define WORDS_TABLE(X) \
    X(MAILBOX, "Mailbox", "Postfach", "Boîte", "Buzón") \
    X(SEARCH, "Search", "Suchen", "Rechercher", "Buscar") \
    X(ALL, "all", "alle", "toutes", "todos") \
    X(SHOWN, "{1} of {2} shown", "{1} von {2} gezeigt", "{1} sur {2} affichées", "{1} de {2} mostrados") \
    X(SHOW_ALL, "Show all", "Alle zeigen", "Tout afficher", "Mostrar todos") \
    X(NOTHING_FOUND, "No mailbox is like that.", "Kein Postfach entspricht dem.", "Aucune boîte ne correspond.", "Ningún buzón coincide.") \
    X(FOLDERS_COUNT, "{1} {1|folder|folders}", "{1} Ordner", "{1} {1|dossier|dossiers}", "{1} {1|carpeta|carpetas}") \
    X(EXCEPTIONS_COUNT, "{1} {1|message|messages} not there", "{1} {1|Nachricht|Nachrichten} nicht am Ziel", "{1} {1|message absent|messages absents}", "{1} {1|mensaje ausente|mensajes ausentes}") \
    X(FOLDERS, "Folders", "Ordner", "Dossiers", "Carpetas") \
    X(FOLDERS_CUT, "Not all folders are shown here: folders.csv lists every one.", "Hier stehen nicht alle Ordner: folders.csv nennt jeden.", "Tous les dossiers ne sont pas affichés : folders.csv les donne tous.", "No se muestran todas las carpetas: folders.csv las enumera todas.") \
    X(EXCEPTIONS_CUT, "Not all of these messages are shown here: problems.csv lists every one.", "Hier stehen nicht alle dieser Nachrichten: problems.csv nennt jede.", "Tous ces messages ne sont pas affichés : problems.csv les donne tous.", "No se muestran todos estos mensajes: problems.csv los enumera todos.") \
    X(FOLDER, "Folder", "Ordner", "Dossier", "Carpeta") \
    X(SOURCE, "Source", "Quelle", "Source", "Origen") \
    X(DESTINATION, "Destination", "Ziel", "Destination", "Destino") \
    X(RENAMED, "renamed", "umbenannt", "renommé", "renombrada") \
    X(MERGED, "merged", "zusammengelegt", "fusionné", "fusionada") \
    X(FAILED, "failed", "fehlgeschlagen", "en échec", "fallida") \
    X(REASON, "Reason", "Grund", "Raison", "Motivo") \
    X(REASON_EXCLUDED, "excluded by rule", "nach Regel ausgelassen", "exclu par une règle", "excluido por regla") \
    X(REASON_TOO_BIG, "too big", "zu groß", "trop grand", "demasiado grande") \
    X(REASON_FAILED, "failed", "fehlgeschlagen", "en échec", "fallido") \
    X(REASON_UNREADABLE, "unreadable", "unlesbar", "illisible", "ilegible") \
    X(REASON_VANISHED, "deleted meanwhile", "inzwischen gelöscht", "supprimé entre-temps", "borrado mientras tanto") \
    X(REASON_MISSING, "missing", "fehlt", "manquant", "falta") \
    X(REASON_GONE, "gone since it was copied", "seit dem Kopieren verschwunden", "disparu depuis la copie", "desaparecido desde la copia") \
    X(REASON_DIFFERENT, "different", "anders", "différent", "distinto") \
    X(REASON_UNREAD, "not compared", "nicht verglichen", "non comparé", "no comparado") \
    X(EXCEPTIONS, "Exceptions", "Ausnahmen", "Exceptions", "Excepciones") \
    X(VERIFIED, "Compared on both sides", "Auf beiden Seiten verglichen", "Comparé des deux côtés", "Comparado en ambos lados") \
    X(VERIFIED_COUNTS, "Compared on both sides, by their number: {1} {1|message|messages} found, {2} {2|difference|differences}.", "Auf beiden Seiten verglichen, nach der Anzahl: {1} {1|Nachricht|Nachrichten} gefunden, {2} {2|Abweichung|Abweichungen}.", "Comparé des deux côtés, par le nombre : {1} {1|message trouvé|messages trouvés}, {2} {2|écart|écarts}.", "Comparado en ambos lados, por su número: {1} {1|mensaje encontrado|mensajes encontrados}, {2} {2|diferencia|diferencias}.") \
    X(VERIFIED_HEADERS, "Compared on both sides, each message by who it is: {1} {1|message|messages} found, {2} {2|difference|differences}.", "Auf beiden Seiten verglichen, jede Nachricht nach ihrer Identität: {1} {1|Nachricht|Nachrichten} gefunden, {2} {2|Abweichung|Abweichungen}.", "Comparé des deux côtés, chaque message par son identité : {1} {1|message trouvé|messages trouvés}, {2} {2|écart|écarts}.", "Comparado en ambos lados, cada mensaje por su identidad: {1} {1|mensaje encontrado|mensajes encontrados}, {2} {2|diferencia|diferencias}.") \
    X(VERIFIED_FULL, "Compared on both sides, each message read whole: {1} {1|message|messages} found and the same, {2} {2|difference|differences}.", "Auf beiden Seiten verglichen, jede Nachricht ganz gelesen: {1} {1|Nachricht|Nachrichten} gefunden und gleich, {2} {2|Abweichung|Abweichungen}.", "Comparé des deux côtés, chaque message lu en entier : {1} {1|message trouvé et identique|messages trouvés et identiques}, {2} {2|écart|écarts}.", "Comparado en ambos lados, cada mensaje leído entero: {1} {1|mensaje encontrado e idéntico|mensajes encontrados e idénticos}, {2} {2|diferencia|diferencias}.") \
    X(VERIFIED_FOUND, "Found", "Gefunden", "Trouvés", "Encontrados") \
    X(VERIFIED_EXCEPTED, "Left out", "Ausgelassen", "Laissés de côté", "Omitidos") \
    X(VERIFIED_LATER, "Arrived later", "Später gekommen", "Arrivés après", "Llegados después") \
    X(VERIFIED_EXTRA, "Only on the destination", "Nur am Ziel", "Seulement à destination", "Solo en el destino") \
    X(REASON_NOT_SELECTED, "not selected", "nicht ausgewählt", "non sélectionné", "no seleccionado") \
    X(MESSAGE, "Message", "Nachricht", "Message", "Mensaje") \
    X(DATE, "Date", "Datum", "Date", "Fecha") \
    X(SIZE, "Size", "Größe", "Taille", "Tamaño") \
    X(SERVER_WORDS, "What was said, and what to do", "Was gesagt wurde, und was zu tun ist", "Ce qui a été dit, et que faire", "Qué se dijo y qué hacer") \
    X(DELETED_SOURCE, "Deleted on the source, as asked", "An der Quelle gelöscht, wie verlangt", "Supprimés à la source, comme demandé", "Borrados en el origen, como se pidió") \
    X(DELETED_DESTINATION, "Deleted on the destination, as asked", "Am Ziel gelöscht, wie verlangt", "Supprimés à destination, comme demandé", "Borrados en el destino, como se pidió")

#define WORDS_END(X) \
    X(CHANGED, "Changed on purpose", "Mit Absicht geändert", "Modifié volontairement", "Cambiado a propósito") \
    X(CHANGED_NOTHING, "Nothing: messages and folders are as they were.", "Nichts: Nachrichten und Ordner sind, wie sie waren.", "Rien : messages et dossiers sont inchangés.", "Nada: mensajes y carpetas siguen igual.") \
    X(CHANGE_RENAMED, "folders with another name", "Ordner mit anderem Namen", "dossiers renommés", "carpetas con otro nombre") \
    X(CHANGE_MERGED, "folders merged with others", "Ordner mit anderen zusammengelegt", "dossiers fusionnés", "carpetas fusionadas") \
    X(CHANGE_EDITED, "messages edited by an expression", "Nachrichten durch einen Ausdruck geändert", "messages modifiés par une expression", "mensajes editados por una expresión") \
    X(CHANGE_WRAPPED, "messages with long lines wrapped", "Nachrichten mit umbrochenen langen Zeilen", "messages aux longues lignes coupées", "mensajes con líneas largas partidas") \
    X(CHANGE_DISARMED, "read receipts neutralised", "Lesebestätigungen entschärft", "accusés de lecture neutralisés", "acuses de lectura neutralizados") \
    X(CHANGE_PIPED, "messages passed through a command", "Nachrichten durch einen Befehl geleitet", "messages passés par une commande", "mensajes pasados por un comando") \
    X(CHANGE_HEADER_ADDED, "messages with a header added", "Nachrichten mit ergänztem Kopf", "messages avec un en-tête ajouté", "mensajes con cabecera añadida") \
    X(CHANGE_TRUNCATED, "messages truncated", "Nachrichten gekürzt", "messages tronqués", "mensajes truncados") \
    X(CHANGE_LINES_FILTERED, "messages with lines left out", "Nachrichten mit ausgelassenen Zeilen", "messages avec des lignes retirées", "mensajes con líneas omitidas") \
    X(CHANGE_LINES_ENDED, "messages with line ends repaired", "Nachrichten mit berichtigten Zeilenenden", "messages aux fins de ligne réparées", "mensajes con finales de línea reparados") \
    X(CHANGE_NULS_REPLACED, "messages with NUL bytes replaced", "Nachrichten mit ersetzten NUL-Bytes", "messages aux octets NUL remplacés", "mensajes con bytes NUL sustituidos") \
    X(CHANGE_HEADER_ENCODED, "messages with their header encoded", "Nachrichten mit kodiertem Kopf", "messages à l’en-tête encodé", "mensajes con la cabecera codificada") \
    X(CHANGE_HEADER_FOLDED, "messages with long header lines folded", "Nachrichten mit gefalteten langen Kopfzeilen", "messages aux longues lignes d’en-tête repliées", "mensajes con líneas largas de cabecera plegadas") \
    X(CHANGE_HEADER_MENDED, "messages with a broken header mended", "Nachrichten mit berichtigtem Kopf", "messages à l’en-tête réparé", "mensajes con la cabecera reparada") \
    X(CHANGE_PART_ENCODED, "messages with a part encoded anew", "Nachrichten mit neu kodiertem Teil", "messages avec une partie réencodée", "mensajes con una parte recodificada") \
    X(CHANGE_LAST_LINE_ENDED, "messages with the end of their last line added", "Nachrichten mit ergänztem letzten Zeilenende", "messages à la dernière ligne terminée", "mensajes con el final de la última línea añadido") \
    X(CHANGE_DATED, "messages dated by their Date field", "Nachrichten nach ihrem Date-Feld datiert", "messages datés par leur champ Date", "mensajes fechados por su campo Date") \
    X(CANNOT, "What IMAP cannot move", "Was IMAP nicht umziehen kann", "Ce qu’IMAP ne peut pas déplacer", "Lo que IMAP no puede mover") \
    X(CANNOT_LIST, "Contacts, calendars, tasks and notes.|Rules and filters, out-of-office replies, signatures.|Rights that others have on folders, delegates, shared mailboxes’ members.|Categories’ colours, pinned and snoozed messages, read receipts already asked for.|Passwords, devices, forwarding addresses and other settings of the account.", "Kontakte, Kalender, Aufgaben und Notizen.|Regeln und Filter, Abwesenheitsnotizen, Signaturen.|Rechte anderer an Ordnern, Stellvertreter, Mitglieder gemeinsamer Postfächer.|Farben von Kategorien, angeheftete und zurückgestellte Nachrichten.|Kennwörter, Geräte, Weiterleitungen und andere Einstellungen des Kontos.", "Contacts, agendas, tâches et notes.|Règles et filtres, réponses d’absence, signatures.|Droits accordés sur les dossiers, délégués, membres des boîtes partagées.|Couleurs des catégories, messages épinglés ou reportés.|Mots de passe, appareils, redirections et autres réglages du compte.", "Contactos, calendarios, tareas y notas.|Reglas y filtros, respuestas automáticas, firmas.|Permisos de otros sobre carpetas, delegados, miembros de buzones compartidos.|Colores de categorías, mensajes fijados o pospuestos.|Contraseñas, dispositivos, reenvíos y otros ajustes de la cuenta.") \
    X(RULES, "How the grades are given", "Wie die Noten entstehen", "Comment les notes sont données", "Cómo se dan las notas") \
    X(RULE_PERFECT, "It went through, and every message of its folders is on the destination.", "Durchgelaufen, und jede Nachricht der Ordner ist am Ziel.", "Traitée, et tous les messages de ses dossiers sont à destination.", "Se procesó y todos los mensajes de sus carpetas están en el destino.") \
    X(RULE_GOOD, "It went through, and nothing failed. What is not there was left out by a rule, or deleted on the source meanwhile.", "Durchgelaufen, und nichts schlug fehl. Was nicht am Ziel ist, wurde nach einer Regel ausgelassen oder inzwischen an der Quelle gelöscht.", "Traitée, sans échec. Ce qui manque a été exclu par une règle ou supprimé à la source entre-temps.", "Se procesó y nada falló. Lo que falta se excluyó por una regla o se borró en el origen mientras tanto.") \
    X(RULE_INVESTIGATE, "Up to 10 messages, or up to 1 % of them, failed, were unreadable or too big; or a folder failed; or it is not finished yet.", "Bis zu 10 Nachrichten oder bis zu 1 % schlugen fehl, waren unlesbar oder zu groß; oder ein Ordner schlug fehl; oder es ist noch nicht fertig.", "Jusqu’à 10 messages, ou jusqu’à 1 %, sont en échec, illisibles ou trop grands ; ou un dossier est en échec ; ou ce n’est pas terminé.", "Hasta 10 mensajes, o hasta el 1 %, fallaron, eran ilegibles o demasiado grandes; o falló una carpeta; o aún no ha terminado.") \
    X(RULE_POOR, "It failed, or more than that is missing.", "Fehlgeschlagen, oder es fehlt mehr als das.", "En échec, ou il manque davantage.", "Falló, o falta más que eso.") \
    X(RULE_RUN, "The whole is Perfect, or Good, if all its mailboxes are at least that; Poor if more than 5 % of them are; else Investigate. Trials, and mailboxes that were left out, have no grade.", "Das Ganze ist Perfekt oder Gut, wenn alle Postfächer mindestens so sind; Mangelhaft, wenn mehr als 5 % es sind; sonst Prüfen. Probeläufe und ausgelassene Postfächer haben keine Note.", "L’ensemble est Parfait ou Bon si toutes les boîtes le sont au moins ; Insuffisant si plus de 5 % le sont ; sinon À examiner. Les essais et les boîtes laissées de côté n’ont pas de note.", "El conjunto es Perfecto o Bueno si todos los buzones lo son al menos; Deficiente si lo es más del 5 %; si no, Revisar. Los ensayos y los buzones omitidos no tienen nota.") \
    X(RULE_SAFE, "Safe to switch, after a final pass: it is complete, at least one folder was compared, the difference is 0, and no message failed, was unreadable or too big. What rules left out is named.", "Umstellbar nach dem letzten Durchgang: vollständig, mindestens ein Ordner verglichen, Differenz 0, keine Nachricht fehlgeschlagen, unlesbar oder zu groß. Was Regeln ausließen, wird genannt.", "Peut basculer, après une dernière passe : complète, au moins un dossier comparé, différence 0, aucun message en échec, illisible ou trop grand. Ce que les règles ont exclu est indiqué.", "Listo para cambiar, tras la última pasada: completo, al menos una carpeta comparada, diferencia 0 y ningún mensaje fallido, ilegible o demasiado grande. Se indica lo que excluyeron las reglas.") \
    X(RULE_DIFFERENCE, "The difference is the source’s messages minus all that are accounted for: 0 means that each of them is.", "Die Differenz ist die Zahl der Nachrichten der Quelle minus alle, über die Rechenschaft abgelegt ist: 0 heißt, über jede.", "La différence est le nombre de messages de la source moins tous ceux dont il est rendu compte : 0 veut dire tous.", "La diferencia son los mensajes del origen menos todos los justificados: 0 significa todos.") \
    X(ABOUT, "About this run", "Zu diesem Lauf", "À propos de cette passe", "Sobre esta pasada") \
    X(RUN, "Run", "Lauf", "Passe", "Pasada") \
    X(COMMAND, "Command", "Befehl", "Commande", "Comando") \
    X(MANIFEST, "Manifest", "Manifest", "Manifeste", "Manifiesto") \
    X(MANIFEST_HASH, "Manifest, SHA-256", "Manifest, SHA-256", "Manifeste, SHA-256", "Manifiesto, SHA-256") \
    X(VERSION, "Program", "Programm", "Programme", "Programa") \
    X(STARTED, "Started", "Begonnen", "Début", "Inicio") \
    X(ENDED, "Ended", "Beendet", "Fin", "Fin") \
    X(UNCHECKED, "<p>{1} {1|mailbox|mailboxes}: host{2} had not to prove who it is, as was asked for.</p>\n", "<p>{1} {1|Postfach|Postfächer}: host{2} musste nicht beweisen, wer er ist, wie gewünscht.</p>\n", "<p>{1} {1|boîte|boîtes} : host{2} n’a pas dû prouver son identité, comme demandé.</p>\n", "<p>{1} {1|buzón|buzones}: host{2} no tuvo que probar quién es, como se pidió.</p>\n") \
    X(CLEAR, "<p>{1} {1|mailbox|mailboxes}: host{2} was spoken to without TLS, as was asked for.</p>\n", "<p>{1} {1|Postfach|Postfächer}: mit host{2} wurde ohne TLS gesprochen, wie gewünscht.</p>\n", "<p>{1} {1|boîte|boîtes} : host{2} sans TLS, comme demandé.</p>\n", "<p>{1} {1|buzón|buzones}: host{2} sin TLS, como se pidió.</p>\n") \
    X(SETTINGS, "Settings used", "Verwendete Einstellungen", "Réglages utilisés", "Ajustes usados") \
    X(SAME_FACTS, "The same facts as data: summary.csv, folders.csv, problems.csv, summary.json.", "Dieselben Tatsachen als Daten: summary.csv, folders.csv, problems.csv, summary.json.", "Les mêmes faits en données : summary.csv, folders.csv, problems.csv, summary.json.", "Los mismos hechos como datos: summary.csv, folders.csv, problems.csv, summary.json.")
/* clang-format on */

#endif
