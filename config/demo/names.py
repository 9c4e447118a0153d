"""Common names to invent people and employers from."""

FIRST_NAMES = (
    "Léa Emma Jade Louise Chloé Manon Inès Camille Sarah Zoé Lina Anna Rose Juliette Eva Nina Maëlys Romane Lucie "
    "Aïcha Fatou Mariam Yasmine Océane Anaïs Clara Élise Noémie Gabriel Léo Raphaël Louis Lucas Adam Hugo Jules "
    "Maël Nathan Ethan Paul Noah Tom Sacha Théo Enzo Mathis Timéo Mohamed Ibrahim Yanis Amine Nolan Evan Gabin "
    "Malo Ewen Titouan Loïc Bastien Quentin Baptiste Jean-Baptiste Anne-Sophie"
).split()

LAST_NAMES = (
    "Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent Lefebvre Michel Garcia "
    "David Bertrand Roux Vincent Fournier Morel Girard André Lefèvre Mercier Dupont Lambert Bonnet François Martinez "
    "Legrand Garnier Faure Rousseau Blanc Guérin Muller Henry Roussel Nicolas Perrin Morin Mathieu Clément Gauthier "
    "Dumont Lopez Fontaine Chevalier Robin Masson Sanchez Gérard Nguyen Boyer Denis Lemaire Duval Joly Gautier Roger "
    "Benali Diallo Traoré Cissé Haddad Lebon Auvray Lecomte Hébert Marie Leclerc Vasseur Delaunay Tanguy Kervella "
    "Le~Goff Le~Gall Riou Guillou Morvan Quéré Cariou Jégou Prigent Salaün D'Hérouville"
).split()

STREETS = (
    "rue de la Gare",
    "rue des Écoles",
    "avenue Jean-Jaurès",
    "rue du Stade",
    "place de la Mairie",
    "rue Pasteur",
)

FAMILY_STEMS = {
    "A": "Ferme",
    "B": "Atelier",
    "C": "Agence",
    "D": "Maison",
    "E": "Studio",
    "F": "Entreprise",
    "G": "Auberge",
    "H": "Ateliers",
    "I": "Garage",
    "J": "Pharmacie",
    "K": "Résidence",
    "L": "Scène",
    "M": "Cabinet",
    "N": "Transports",
}


def last_name(choice: str) -> str:
    return choice.replace("~", " ")
