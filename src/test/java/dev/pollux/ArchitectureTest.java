package dev.pollux;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The doors between the rooms: who may know whom. */
class ArchitectureTest {

    private static final JavaClasses MAIN = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.pollux");

    @Test
    void theQueueRunsOnTheR2dbcSpiAndNeverSeesTheDriver() {
        noClasses()
                .that()
                .resideInAPackage("dev.pollux")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.pollux.r2dbc..")
                .check(MAIN);
    }

    @Test
    void theQueueKnowsFewLibraries() {
        classes()
                .that()
                .resideInAPackage("dev.pollux")
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(
                        "dev.pollux",
                        "java..",
                        "org.reactivestreams..",
                        "reactor..",
                        "io.r2dbc.spi..",
                        "tools.jackson..",
                        "org.jspecify..",
                        "org.slf4j..",
                        "com.github.f4b6a3.ulid.."))
                .check(MAIN);
    }

    @Test
    void theDriverNeverSeesTheQueue() {
        noClasses()
                .that()
                .resideInAPackage("dev.pollux.r2dbc..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.pollux")
                .check(MAIN);
    }

    @Test
    void theReplicaStandsOnBothAndNobodyStandsOnIt() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.pollux.replica")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.pollux.replica")
                .check(MAIN);
        // It speaks to both of its databases by the SPI, and to the driver only to open them.
        noClasses()
                .that()
                .resideInAPackage("dev.pollux.replica")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.pollux.r2dbc.transport..", "dev.pollux.r2dbc.local..", "dev.pollux.r2dbc.hrana..")
                .check(MAIN);
    }

    @Test
    void theTransportsSeeOnlyTheirSeam() {
        noClasses()
                .that()
                .resideInAPackage("dev.pollux.r2dbc.transport")
                .should()
                .dependOnClassesThat(resideInAPackage("dev.pollux..")
                        .and(DescribedPredicate.not(resideInAPackage("dev.pollux.r2dbc.transport"))))
                .check(MAIN);
        for (String transport : new String[] {"dev.pollux.r2dbc.local", "dev.pollux.r2dbc.hrana"}) {
            noClasses()
                    .that()
                    .resideInAPackage(transport)
                    .should()
                    .dependOnClassesThat(resideInAPackage("dev.pollux..")
                            .and(DescribedPredicate.not(resideInAnyPackage("dev.pollux.r2dbc.transport", transport))))
                    .allowEmptyShould(true)
                    .check(MAIN);
        }
    }

    @Test
    void sqliteIsKnownInOneRoomAndOkHttpInAnother() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.pollux.r2dbc.local")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.sql..", "org.sqlite..")
                .check(MAIN);
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.pollux.r2dbc.hrana")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("okhttp3..", "okio..")
                .check(MAIN);
    }

    @Test
    void springIsKnownOnlyWhereItIsServed() {
        noClasses()
                .that()
                .resideOutsideOfPackages("dev.pollux.spring..", "dev.pollux.board..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.springframework..")
                .check(MAIN);
        // An application may have Spring's DatabaseClient without Spring Data.
        noClasses()
                .that()
                .haveSimpleName("SqliteBindMarkers")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.springframework.data..", "dev.pollux.spring..")
                .check(MAIN);
    }

    @Test
    void packagesFormNoCycles() {
        slices().matching("dev.pollux.(**)").should().beFreeOfCycles().check(MAIN);
    }

    @Test
    void mainCodeNeitherBlocksNorSleepsNorPrints() {
        noClasses()
                .should()
                .callMethodWhere(DescribedPredicate.describe(
                        "block on a publisher, sleep or print",
                        call -> (call.getTarget().getName().startsWith("block")
                                        && (call.getTargetOwner().isAssignableTo(Mono.class)
                                                || call.getTargetOwner().isAssignableTo(Flux.class)))
                                || (call.getTarget().getName().equals("sleep")
                                        && call.getTargetOwner().isEquivalentTo(Thread.class))
                                || call.getTarget().getName().equals("printStackTrace")))
                .check(MAIN);
        noClasses()
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .check(MAIN);
    }
}
